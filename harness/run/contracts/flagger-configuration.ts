import { stringify } from 'yaml';
import { type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import { CONFIG_MAP, SECRET } from '#harness/kube/recording.ts';
import { made } from '#harness/stack/shop-manifests.ts';
import type { Reshape } from '#harness/stack/shop.ts';
import { podSpec } from '../canary-shapes.ts';
import { releaseDocument } from '../on-cluster.ts';
import type { RolloutAct } from '../rollout-act.ts';
import type { AnyRolloutAct, LoadedAct } from '../rollout-extras.ts';
import { STABLE, STABLE_DOCUMENT } from '../rollout-run.ts';
import { BAD_RELEASE, GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { awaitCanary, passTime, watchKinds } from './canary-waits.ts';
import { container, eachOf, together, withEnv } from './reshape.ts';

/** Maps and the Secret that the shop's pods refer to beside their release. */
const OPTED_OUT = 'shop-opted-out';
const KEY = 'shop-key';
const INIT = 'shop-init';
/** The map with the release document. */
const RELEASE_MAP = `shop-release-${STABLE}`;

/** Longest time until a mended release is promoted, in seconds: six ticks and the start of its pods. */
const MENDED_S = 90;

const settings: readonly KubeObject[] = [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: OPTED_OUT, annotations: { 'flagger.app/config-tracking': 'disabled' } },
    data: { tone: 'quiet' },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: INIT }, data: { step: 'one' } },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: KEY },
    type: 'Opaque',
    stringData: { key: 'made-up-one' },
  },
];

function from(kind: 'configMapKeyRef' | 'secretKeyRef', name: string, key: string): object {
  return { [kind]: { name, key, optional: true } };
}

/** The pods refer to all three: by variables, and the init container to one of its own. */
const refers: Reshape = together(
  eachOf(
    'Deployment',
    container((shop) =>
      withEnv(shop, [
        { name: 'TONE', valueFrom: from('configMapKeyRef', OPTED_OUT, 'tone') },
        { name: 'KEY', valueFrom: from('secretKeyRef', KEY, 'key') },
      ]),
    ),
  ),
  (object) => {
    const [shop] = listAt(object, 'spec', 'template', 'spec', 'containers');
    const init = {
      name: 'init',
      image: textAt(shop, 'image'),
      imagePullPolicy: 'IfNotPresent',
      command: ['/usr/local/bin/node', '-e', '0'],
      env: [{ name: 'STEP', valueFrom: from('configMapKeyRef', INIT, 'step') }],
    };
    return podSpec({ initContainers: [init] })(object);
  },
);

async function watchConfiguration(act: AnyRolloutAct): Promise<AsyncDisposable> {
  return await watchKinds(act, 'configuration', [CONFIG_MAP, SECRET]);
}

/** Records that a release is shipped by a map alone; the subject says by which. */
function recordShipped(
  timeline: Recorder,
  { namespace, map, at }: { readonly namespace: string; readonly map: string; readonly at: number },
  data: { readonly release: string; readonly document: unknown },
): void {
  timeline.record({ at, source: 'release', kind: 'shipped', subject: `ConfigMap/${namespace}/${map}`, data });
}

/** A map that opted out is changed, and for more than a tick nothing may come of it. */
async function changeOptedOut(act: LoadedAct): Promise<void> {
  const { run, ctx, namespace, spec } = act;
  await run.phase('change what opted out', 'changing a map that opted out of tracking', async () => {
    const map = { ...CONFIG_MAP, namespace, name: OPTED_OUT };
    await ctx.kube.patch(map, { data: { tone: 'loud' } });
  });
  await passTime(act, spec.interval_s + 2);
}

async function shipByMap(
  { run, ctx, namespace }: RolloutAct,
  document: unknown,
  release: string,
): Promise<void> {
  const at = Date.now();
  const data = { 'release.yaml': stringify(document) };
  await ctx.kube.patch({ ...CONFIG_MAP, namespace, name: RELEASE_MAP }, { data });
  recordShipped(run.timeline, { namespace, map: RELEASE_MAP, at }, { release, document });
}

/** The way out: the map as it was, and with it another key. Both are promoted. */
async function mend(act: LoadedAct): Promise<void> {
  const { run, ctx, namespace } = act;
  const document = await releaseDocument(STABLE_DOCUMENT, STABLE);
  const until = awaitCanary(
    act,
    'the mended configuration to be promoted',
    MENDED_S,
    ({ phase }) => phase === 'Succeeded',
  );
  await run.phase('mend the configuration', 'mending the map and changing the Secret', async () => {
    await ctx.kube.patch({ ...SECRET, namespace, name: KEY }, { stringData: { key: 'made-up-two' } });
    const data = { 'release.yaml': stringify(document), mended: 'true' };
    await ctx.kube.patch({ ...CONFIG_MAP, namespace, name: RELEASE_MAP }, { data });
  });
  await until;
  await passTime(act, 8);
}

/** What a promotion of nothing but a changed map leaves alone: the release is the one that serves already. */
async function shipByInitMap(
  { run, ctx, namespace }: RolloutAct,
  document: unknown,
  release: string,
): Promise<void> {
  const at = Date.now();
  await ctx.kube.patch({ ...CONFIG_MAP, namespace, name: INIT }, { data: { step: 'two' } });
  recordShipped(run.timeline, { namespace, map: INIT, at }, { release, document });
}

const prepared = async (act: AnyRolloutAct): Promise<AsyncDisposable> => await watchConfiguration(act);

/** What changed maps and Secrets lead to. */
export const FLAGGER_CONFIGURATION: readonly FlaggerCase[] = [
  {
    name: 'tracked',
    title:
      'F20: a broken map is rolled back like a release, the copies of the primary change only with a promotion',
    rollout: {
      ...BAD_RELEASE,
      canary: { interval_s: 10, threshold: 1, step_weight_pct: 50, max_weight_pct: 50 },
      reshape: refers,
      beside: settings.map((object) => made(object)),
      ship: shipByMap,
      extras: { prepared, steady: changeOptedOut, settled: mend },
      settles: {
        contracts: ['F20'],
        rules_left_out: {
          'traffic-share':
            'the mended map is analysed as well, and answers under the name of the stable release',
          'canary-gone': 'pods are told apart by the label of their template, which a map does not change',
        },
      },
    },
  },
  {
    name: 'init-container',
    title: 'F20: a changed map that only an init container refers to starts an analysis',
    rollout: {
      ...GOOD_RELEASE,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 50, max_weight_pct: 50 },
      reshape: refers,
      beside: settings.map((object) => made(object)),
      ship: shipByInitMap,
      extras: { prepared },
      settles: {
        contracts: ['F20'],
        rules_left_out: {
          promoted: 'who serves cannot be told by a release: nothing but a map of the init container changed',
          'traffic-share': 'the canary answers under the name of the release that serves already',
          'fault-took': 'the canary answers under the name of the release that serves already',
        },
      },
    },
  },
];
