import type { Timeline } from '#harness/core/timeline.ts';
import { DEPLOYMENT, LEASE, objectsOf, POD, recordWatches } from '#harness/kube/recording.ts';
import type { AnyRolloutAct, LoadedAct, When } from '../rollout-extras.ts';
import { moment, pausedAt, script, stableNow } from './argo-acts.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';

const NAMESPACE = 'argo-rollouts';
const CONTROLLER = { ...DEPLOYMENT, namespace: NAMESPACE, name: 'argo-rollouts' } as const;
const READY_S = 60;

/** Runs a second controller beside the first, and records who leads; what it returns leaves one of them. */
async function twoControllers({ run, ctx }: AnyRolloutAct): Promise<AsyncDisposable> {
  await using given = new AsyncDisposableStack();
  const watches = [
    objectsOf({ ...LEASE, namespace: NAMESPACE }),
    objectsOf({ ...POD, namespace: NAMESPACE }),
  ];
  given.use(await recordWatches(ctx.kube, 'controllers', watches, run.timeline));
  // The clean-up of a run that was stopped must not be stopped with it.
  given.defer(() => ctx.kube.scale(CONTROLLER, 1, { deadline_s: READY_S }));
  await ctx.kube.scale(CONTROLLER, 2, { deadline_s: READY_S, signal: run.signal });
  return given.move();
}

/** Who holds the lock: the name of a pod, then an underscore and what is unique to the process. */
function leader(timeline: Timeline): string {
  const lease = timeline.of('kubernetes', 'object').findLast(({ subject }) => subject.startsWith('Lease/'));
  return String(lease?.data.fields['holder'] ?? '');
}

/** The leader is gone from one moment to the next and gives nothing back. */
async function killLeader({ run, ctx }: LoadedAct): Promise<void> {
  const [name = ''] = leader(run.timeline.snapshot()).split('_');
  await ctx.kube.beginRemoval({ ...POD, namespace: NAMESPACE, name }, 0);
}

/** Another pod holds the lock than before it was taken first. */
const takenOver: When = () => ({
  awaited: 'the other controller to lead',
  deadline_s: 45,
  holds: (timeline) => {
    const holders = timeline
      .of('kubernetes', 'object')
      .filter(({ subject }) => subject.startsWith('Lease/'))
      .map(({ data }) => String(data.fields['holder']));
    return new Set(holders.filter((holder) => holder !== '')).size > 1;
  },
});

/** More controllers than one. */
export const ARGO_CONTROLLERS: readonly ArgoCase[] = [
  {
    name: 'leader-killed',
    title:
      'A32: of two controllers one acts, and when it is killed the other takes the rollout over where it stood',
    rollout: {
      ...GOOD_RELEASE,
      rollout: {
        steps: [
          { weight_pct: 20, pause_s: 6 },
          { weight_pct: 50, pause_s: 6 },
        ],
        scale_down_delay_s: 3,
      },
      extras: {
        prepared: twoControllers,
        ...script(
          moment('kill leader', 'killing the controller that leads', pausedAt(20), killLeader),
          moment('taken over', 'waiting for the other controller to lead', takenOver),
          moment('promoted', 'waiting for the promotion', stableNow('v2', 60)),
        ),
      },
      settles: {
        contracts: ['A21', 'A32'],
        rules_left_out: {
          promoted: 'it takes as much longer as nobody leads; A32 judges how long that is',
          'every-step': 'the first weight is held as long as nobody leads',
          'judge-saw': 'the analysis stands still as long as nobody leads',
          'chat-calm': 'each controller remembers for itself what it has told',
        },
      },
    },
  },
];
