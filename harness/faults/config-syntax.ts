import * as v from 'valibot';
import { DATA_CHANGE, keyOption, planData, restartOption } from './data-change.ts';
import { defineFault } from './fault.ts';

/** No reader of YAML, JSON or INI takes a line like this. */
const BROKEN_LINE = '\t}: [unclosed, "quote\n';

/** Breaks the syntax of a text in a ConfigMap, as a slip of the hand does. */
export const configSyntax = defineFault({
  name: 'config-syntax',
  breaks: 'breaks the syntax of a text in a ConfigMap; pods that start with it cannot read it',
  radius: { reach: 'own', pods_max: 10 },
  options: v.strictObject({
    map: v.pipe(v.string(), v.minLength(1), v.description('name of the ConfigMap')),
    key: keyOption,
    restart: restartOption,
  }),
  ...DATA_CHANGE,
  example: () => ({ map: 'shop-release-v1', key: 'release.yaml' }),
  plan: (ctx, { map, key, restart }, namespace) =>
    planData(ctx, namespace, {
      kind: 'ConfigMap',
      name: map,
      key,
      restart,
      to: (text) => `${text.replace(/\n?$/, '\n')}${BROKEN_LINE}`,
    }),
});
