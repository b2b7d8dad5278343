import * as v from 'valibot';
import { at } from '#harness/core/kubernetes.ts';
import { UsageError } from '#harness/core/errors.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { DATA_CHANGE, keyOption, planData } from './data-change.ts';
import { defineFault, type Trial } from './fault.ts';

/** A second workload of the trial that reads the same ConfigMap as the shop. */
const SECOND = 'shop-second';
const SECOND_READY_S = 60;

async function secondWorkload({ ctx: { kube }, namespace }: Trial): Promise<void> {
  const shop = await kube.get({ ...DEPLOYMENT, namespace, name: 'shop' });
  if (shop === undefined) throw new UsageError(`the trial ${namespace} has no shop`);
  const labels = { app: SECOND };
  const object = {
    apiVersion: shop.apiVersion,
    kind: shop.kind,
    metadata: { name: SECOND, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: at(shop, 'spec', 'template', 'spec') },
    },
  };
  await kube.apply([{ object, position: { file: 'harness/faults/config-shared.ts', line: 1, column: 1 } }]);
  // Its first pods must have read the value before it is changed, or they are no users that ran when it was.
  await kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: SECOND }), { deadline_s: SECOND_READY_S });
}

/**
 * Breaks a ConfigMap that several workloads share, so that no release is left that a rollback could go back to: the
 * former one reads the same.
 */
export const configShared = defineFault({
  name: 'config-shared',
  breaks:
    'puts a wrong value into a ConfigMap that several releases or workloads read, and has all of them read it',
  radius: { reach: 'own', pods_max: 20 },
  options: v.strictObject({
    map: v.pipe(v.string(), v.minLength(1), v.description('name of the ConfigMap')),
    key: keyOption,
    value: v.pipe(v.string(), v.description('text that is put in the place of the whole value')),
  }),
  ...DATA_CHANGE,
  async example(trial) {
    await secondWorkload(trial);
    return {
      map: 'shop-release-v1',
      key: 'release.yaml',
      value: 'release: v1\nconfig: { currency: euro }\n',
    };
  },
  plan: (ctx, { map, key, value }, namespace) =>
    planData(ctx, namespace, {
      kind: 'ConfigMap',
      name: map,
      key,
      restart: true,
      to: () => value,
      users_min: 2,
    }),
});
