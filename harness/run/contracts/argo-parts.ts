import { at, type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import { CONFIG_MAP, POD } from '#harness/kube/recording.ts';
import { ACTS } from '#harness/judge/contracts/argo/acts.ts';
import { podsOfRelease } from '#harness/judge/pods.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import type { Reshape } from '#harness/stack/shop.ts';
import { unlessLate } from '../on-cluster.ts';
import { loadMeasured } from '../rollout-conditions.ts';
import type { AnyRolloutAct, LoadedAct, When } from '../rollout-extras.ts';
import { NEXT, STABLE } from '../rollout-run.ts';
import { now, rolloutWith } from './argo-acts.ts';
import { given } from './argo-rows.ts';
import { eachOf, setting } from './reshape.ts';

/** Name of the shop's template with the error rate of the canary. */
export const ERROR_RATE = 'error-rate';

/** Changes how the next release is rolled out; the stable one comes as ever. */
export function nextWith(strategy: object): Reshape {
  return rolloutWith((release) => (release === NEXT ? { strategy } : {}));
}

/** Puts a step of analysis after the given number of steps of the next release's canary. */
export function analysisStep(after: number, analysis: object): Reshape {
  return eachOf('Rollout', (object) => {
    const release = at(object, 'spec', 'template', 'metadata', 'labels', 'mettle.dev/release');
    if (release !== NEXT) return object;
    const steps = listAt(object, 'spec', 'strategy', 'canary', 'steps');
    return setting(object, ['spec', 'strategy', 'canary', 'steps'], () => [
      ...steps.slice(0, after),
      { analysis },
      ...steps.slice(after),
    ]);
  });
}

/** Subscribes the channel of the rollouts to further triggers. */
export function subscribedTo(...triggers: readonly string[]): Reshape {
  return eachOf('Rollout', (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      annotations: {
        ...object.metadata.annotations,
        ...Object.fromEntries(
          triggers.map((trigger) => [`notifications.argoproj.io/subscribe.${trigger}.slack`, 'rollouts']),
        ),
      },
    },
  }));
}

/** Triggers beside those that the shop is subscribed to. */
export const FURTHER_TRIGGERS = [
  'on-rollout-paused',
  'on-analysis-run-failed',
  'on-analysis-run-error',
] as const;

/** Applies objects of the scenario's own in the run's namespace. */
export async function applyOwn(act: AnyRolloutAct, objects: readonly KubeObject[]): Promise<void> {
  await act.ctx.kube.apply(given(objects), { namespace: act.namespace, force: true });
}

/** Whole seconds of load that follow an act, so that what must not happen has had its time. */
export async function watchLoad({ run }: LoadedAct, seconds: number): Promise<void> {
  const measured = loadMeasured(seconds, Date.now());
  await unlessLate(run, () => run.timeline.until(measured, 3 * seconds, run.signal));
}

/** How long it is watched that a changed map starts nothing, in seconds. */
const NOTHING_BEGINS_S = 6;

/** Changes the map that the stable release was started with, and nothing else. */
export async function changeStableMap(act: LoadedAct): Promise<void> {
  const { run, ctx, namespace } = act;
  await run.phase(ACTS.change_map, 'changing the map of the stable release', async () => {
    const map = { ...CONFIG_MAP, namespace, name: `shop-release-${STABLE}` };
    await ctx.kube.patch(map, { data: { changed: 'at run time' } });
    await watchLoad(act, NOTHING_BEGINS_S);
  });
}

/** Longest time for a new pod of the stable release to be ready, in seconds. */
const POD_BACK_S = 20;

/** Removes one pod of the stable release and waits for the one in its place. */
export async function loseStablePod(act: LoadedAct): Promise<void> {
  const { run, ctx, namespace } = act;
  await run.phase(ACTS.pod_loss, 'removing a pod of the stable release', async () => {
    const [pod] = await ctx.kube.list({ ...POD, namespace, labels: `mettle.dev/release=${STABLE}` });
    if (pod === undefined) throw new Error(`there is no pod of release ${STABLE}`);
    const { name } = pod.metadata;
    const deadline = { deadline_s: POD_BACK_S, progress: ctx.progress, signal: run.signal };
    await ctx.kube.remove({ ...POD, namespace, name }, deadline);
    const gone = `Pod/${namespace}/${name}`;
    const replaced: TimelineCondition = {
      awaited: `a pod in the place of ${name}`,
      holds: (timeline) => {
        const pods = [...podsOfRelease(timeline, { namespace, release: STABLE })];
        const serving = pods.filter(
          ([, { data }]) => data.verb !== 'deleted' && data.fields['ready'] === true,
        );
        return (
          serving.length === pods.length - 1 &&
          pods.length > 2 &&
          !serving.some(([subject]) => subject === gone)
        );
      },
    };
    await unlessLate(run, () => run.timeline.until(replaced, POD_BACK_S, run.signal));
    await watchLoad(act, 3);
  });
}

/** The Rollout says so in its message. */
export function says(pattern: RegExp, deadline_s = 30): When {
  return now(`message ${String(pattern)}`, ({ message }) => pattern.test(String(message)), deadline_s);
}

/** The Rollout is paused for want of a conclusion. */
export const inconclusive: When = now('paused, inconclusive', ({ pauses }) =>
  String(pauses).includes('InconclusiveAnalysisRun'),
);

/** An analysis within a step of the canary is under way. */
export const stepAnalysisRuns: When = ({ namespace, app }) => ({
  awaited: 'an analysis within a step to run',
  deadline_s: 40,
  holds: (timeline) =>
    timeline
      .of('kubernetes', 'object')
      .some(
        ({ subject, data }) =>
          subject.startsWith(`AnalysisRun/${namespace}/${app}-`) &&
          data.fields['type'] === 'Step' &&
          data.fields['phase'] === 'Running',
      ),
});
