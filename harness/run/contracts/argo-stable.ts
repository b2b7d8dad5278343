import type { Timeline } from '#harness/core/timeline.ts';
import { POD } from '#harness/kube/recording.ts';
import type { LoadedAct } from '../rollout-extras.ts';
import { STABLE } from '../rollout-run.ts';
import { moment, script, stableNow } from './argo-acts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';

/** Takes the serving release its document and its pods: those that follow wait for the document for ever. */
async function breakStable({ run, ctx, namespace }: LoadedAct): Promise<void> {
  const sets = `ReplicaSet/${namespace}/`;
  await run.phase('break stable', 'taking the serving release its document and its pods', async () => {
    const document = { api_version: 'v1', kind: 'ConfigMap', namespace, name: `shop-release-${STABLE}` };
    await ctx.kube.remove(document, { deadline_s: 10 });
    const pods = await ctx.kube.list({ ...POD, namespace });
    for (const { metadata } of pods)
      await ctx.kube.beginRemoval({ ...POD, namespace, name: metadata.name }, 0);
    const unavailable = {
      awaited: 'no stable pod to be available',
      holds: (timeline: Timeline) =>
        timeline.of('kubernetes', 'object').findLast(({ subject }) => subject.startsWith(sets))?.data.fields[
          'available'
        ] === 0,
    };
    await run.timeline.until(unavailable, 20, run.signal);
  });
}

/** A stable release that serves nobody any more. */
export const ARGO_STABLE: readonly ArgoCase[] = [
  {
    name: 'broken',
    title: 'A30: a stable release without any pod that serves is replaced by the next release',
    rollout: {
      ...GOOD_RELEASE,
      // Over before the analysis measures: without a stable pod nobody is served, and there is nothing to measure.
      rollout: { steps: [{ weight_pct: 50, pause_s: 2 }], initial_delay_s: 20, scale_down_delay_s: 2 },
      extras: {
        steady: breakStable,
        ...script(moment('promoted', 'waiting for the promotion', stableNow('v2', 60))),
      },
      settles: {
        contracts: ['A30'],
        rules_left_out: {
          'steady-before': 'the stable release is broken on purpose once the service was found steady',
          'no-failed-request': 'the stable release serves nobody until it is replaced',
          'traffic-share': 'the stable release serves nobody until it is replaced',
          'every-step': 'A30 judges that the release comes through at all',
          'judge-saw': 'the rollout is over before anything is measured',
          'label-truth': 'no pod of the stable release serves',
          alert: 'it speaks of the stable release, which is broken on purpose',
          'routes-agree': 'the data plane leaves a split out while one of its Services has no pod',
        },
      },
    },
  },
];
