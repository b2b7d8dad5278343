import * as v from 'valibot';
import { DATA_CHANGE, type DataKind, keyOption, planData, restartOption } from './data-change.ts';
import { defineFault } from './fault.ts';

const KINDS = ['ConfigMap', 'Secret'] as const satisfies readonly DataKind[];

/** Takes a key out of a ConfigMap or Secret. */
export const configMissingKey = defineFault({
  name: 'config-missing-key',
  breaks: 'takes a key out of a ConfigMap or Secret; pods that need it do not start',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject({
    kind: v.optional(
      v.pipe(v.picklist(KINDS), v.description('what holds the key; ConfigMap when absent')),
      'ConfigMap',
    ),
    name: v.pipe(v.string(), v.minLength(1), v.description('name of the ConfigMap or Secret')),
    key: keyOption,
    restart: restartOption,
  }),
  ...DATA_CHANGE,
  example: () => ({ name: 'shop-release-v1', key: 'release.yaml' }),
  plan: (ctx, { kind, name, key, restart }, namespace) =>
    planData(ctx, namespace, { kind, name, key, restart, to: () => undefined }),
});
