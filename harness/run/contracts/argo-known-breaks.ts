import { ROLLOUT } from '#harness/kube/recording.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { made } from '#harness/stack/shop-manifests.ts';
import type { LoadedAct } from '../rollout-extras.ts';
import { NEVER_SERVES } from '../rollout-run.ts';
import {
  abort,
  edit,
  givenUpWith,
  moment,
  now,
  pausedAt,
  promoteFull,
  rolloutWith,
  scaledDown,
  script,
  ship,
  stableNow,
  watched,
} from './argo-acts.ts';
import { BRIEF, SMALL_PREVIEW } from './argo-blue-green.ts';
import { DEADLINE_ROLLOUT, DEADLINE_S, STUCK } from './argo-deadline.ts';
import { PERSON_ABORTS } from './argo-abort.ts';
import { SEVERAL_RELEASES } from './argo-window.ts';
import { GOOD_RELEASE, type ArgoCase } from './case.ts';

/** Long enough for a person to decide while the canary is held. */
const HELD_S = 300;

const QUOTA = { api_version: 'v1', kind: 'ResourceQuota', name: 'few-pods' } as const;

/** No room for more than some pods: what a full cluster is for a release that needs all of its own at once. */
async function roomFor({ ctx, namespace }: LoadedAct, pods: number): Promise<void> {
  const quota = made({
    apiVersion: QUOTA.api_version,
    kind: QUOTA.kind,
    metadata: { name: QUOTA.name, namespace },
    spec: { hard: { pods: String(pods) } },
  });
  await ctx.kube.apply([quota], { namespace });
}

/** The stable pods follow their share of the traffic; a delay before they are scaled down cannot be had with that. */
const DYNAMIC = { dynamicStableScale: true, scaleDownDelaySeconds: undefined } as const;

const byPerson = (
  contracts: readonly string[],
  contract: string,
  thread: string,
): NonNullable<ArgoCase['rollout']['settles']> => ({
  contracts,
  rules_left_out: PERSON_ABORTS,
  known_break: { contract, thread },
});

/** What is reported not to hold, each with the thread that says so. A case that passes is news. */
export const ARGO_KNOWN_BREAKS: readonly ArgoCase[] = [
  {
    name: 'never-scaled-down',
    title:
      'A13 is broken (#1841): with a delay of 0 the pods of a release are scaled down at once after an abort',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: { steps: [{ weight_pct: 20, pause_s: HELD_S }], abort_scale_down_delay_s: 0 },
      extras: script(
        moment('at 20', 'measuring at 20 %', pausedAt(20)),
        moment('abort at 20', 'aborting at 20 %', watched(9), abort),
        moment('pods stay', 'watching the pods', watched(8)),
      ),
      settles: byPerson(['A12', 'A13'], 'A13', 'argoproj/argo-rollouts#1841'),
    },
  },
  {
    name: 'service-flips',
    title: 'A34 is broken (#3078): after an abort the canary Service is pointed to and fro',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: { steps: [{ weight_pct: 20, pause_s: HELD_S }], abort_scale_down_delay_s: 6 },
      extras: script(
        moment('at 20', 'measuring at 20 %', pausedAt(20)),
        moment('abort at 20', 'aborting at 20 %', watched(9), abort),
        moment('pods gone', 'waiting for the pods to be scaled down', scaledDown('v2', 20)),
      ),
      settles: byPerson(['A12', 'A13', 'A34'], 'A34', 'argoproj/argo-rollouts#3078'),
    },
  },
  {
    name: 'traffic-before-capacity',
    title:
      'A16 is broken (#3941): inside the rollback window a former release is given traffic that its pods are too few for',
    rollout: {
      ...GOOD_RELEASE,
      rollout: {
        replicas: 3,
        steps: [{ weight_pct: 70, pause_s: 1 }],
        scale_down_delay_s: 1,
      },
      reshape: rolloutWith(() => ({ spec: { rollbackWindow: { revisions: 2 } } })),
      extras: script(
        moment('promoted', 'waiting for the promotion', stableNow('v2', 45)),
        moment('no room', 'leaving room for one pod more', scaledDown('v1', 20), (act) => roomFor(act, 4)),
        moment('apply inside', 'applying v1 again, inside the window', watched(4), ship('good', 'v1')),
        moment('too few', 'watching the traffic and the pods', watched(8)),
      ),
      settles: {
        contracts: ['A16'],
        rules_left_out: SEVERAL_RELEASES,
        known_break: { contract: 'A16', thread: 'argoproj/argo-rollouts#3941' },
      },
    },
  },
  {
    name: 'abort-after-promote-full',
    title: 'A12 is broken (#4461): an abort is ignored once a full promotion was asked for',
    rollout: {
      release: 'never-ready',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: { steps: [{ weight_pct: 20, pause_s: HELD_S }], progress_deadline_s: 120 },
      extras: script(
        moment(
          'promote full',
          'promoting in full a release that is never ready',
          now('pods made', ({ stable, canary, updated }) => stable !== canary && Number(updated) > 0),
          promoteFull,
        ),
        moment('abort after full', 'aborting', watched(3), abort),
        moment('ignored', 'watching what comes of it', watched(8)),
      ),
      settles: {
        contracts: ['A12'],
        rules_left_out: {
          ...PERSON_ABORTS,
          ...NEVER_SERVES,
          'rolled-back': 'A12 judges what comes of the abort',
          'label-truth': 'the pods of the release are never ready',
        },
        known_break: { contract: 'A12', thread: 'argoproj/argo-rollouts#4461' },
      },
    },
  },
  {
    name: 'dynamic-deadlock',
    title: 'A14 is broken (#4898): with dynamicStableScale and a delay of its own an abort never ends',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: {
        replicas: 4,
        steps: [
          { weight_pct: 25, pause_s: 1 },
          { weight_pct: 75, pause_s: HELD_S },
        ],
        abort_scale_down_delay_s: 5,
      },
      reshape: rolloutWith(() => ({ strategy: DYNAMIC })),
      extras: script(
        moment('at 75', 'measuring at 75 %', pausedAt(75, 45)),
        moment('abort at 75', 'aborting at 75 %', watched(9), abort),
        moment('stuck', 'watching what comes of it', watched(32)),
      ),
      settles: {
        ...byPerson(['A14'], 'A14', 'argoproj/argo-rollouts#4898'),
        rules_left_out: { ...PERSON_ABORTS, 'rolled-back': 'A14 judges what comes of the abort' },
      },
    },
  },
  {
    name: 'scaled-after-abort',
    title:
      'A14 holds without a delay of its own, and A27 is broken (#4973): scaling wakes the pods of a release that was given up',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: {
        replicas: 3,
        steps: [
          // One pod of five: fewer than the stable release lacks for a moment when it is scaled.
          { weight_pct: 20, pause_s: 1 },
          { weight_pct: 67, pause_s: HELD_S },
        ],
      },
      // The delay is the controller's own choice where none is set.
      reshape: rolloutWith(() => ({
        strategy: { ...DYNAMIC, abortScaleDownDelaySeconds: undefined },
      })),
      extras: script(
        moment('at 67', 'measuring at 67 %', pausedAt(67, 45)),
        moment('abort at 67', 'aborting at 67 %', watched(9), abort),
        moment('scale up', 'scaling to 5 pods by hand', scaledDown('v2', 40), edit({ replicas: 5 })),
        moment('woken', 'watching what comes of it', watched(8)),
      ),
      settles: byPerson(['A14', 'A27'], 'A27', 'argoproj/argo-rollouts#4973'),
    },
  },
  {
    name: 'deadline-after-abort',
    title: 'A11 is broken (#4971): once a release was aborted, the deadline of the next one never passes',
    rollout: {
      release: 'never-ready',
      expected: 'rollback',
      bad_answers_pct: 0,
      load: 'steady-300',
      rollout: DEADLINE_ROLLOUT,
      extras: script(
        moment('given up', 'waiting for the first abort', givenUpWith('v2', 3 * DEADLINE_S)),
        // With its pods gone the release keeps the deadline by which they were to go.
        moment(
          'ship stuck',
          'shipping v3, which is stuck too',
          scaledDown('v2', 20),
          ship('never-ready', 'v3'),
        ),
        moment('never ends', 'watching what becomes of it', watched(2 * DEADLINE_S)),
      ),
      settles: {
        contracts: ['A11'],
        rules_left_out: STUCK,
        known_break: { contract: 'A11', thread: 'argoproj/argo-rollouts#4971' },
      },
    },
  },
  {
    name: 'small-preview-back',
    title:
      'A19 holds, and A20 is broken: with previewReplicaCount a replaced set is scaled down and measured before it is switched back to',
    rollout: {
      ...GOOD_RELEASE,
      rollout: BRIEF,
      reshape: SMALL_PREVIEW,
      extras: script(
        moment('switch back', 'applying v1 again, inside the delay', stableNow('v2', 75), ship('good', 'v1')),
        moment('not at once', 'watching how v1 comes back', watched(8)),
      ),
      settles: {
        contracts: ['A17', 'A19', 'A20'],
        rules_left_out: {
          promoted: 'v1 is on its way back in the end',
          'traffic-share': 'A20 judges the switch back',
          'preview-hidden': 'v1 serves again on purpose; A17 judges what came before the first switch',
          'chat-calm': 'two releases are told of',
          'judge-saw': 'A17 judges the analyses',
        },
        known_break: {
          contract: 'A20',
          thread: 'no thread yet: seen by this scenario on Argo Rollouts 1.10.0',
        },
      },
    },
  },
  {
    name: 'rollout-removed',
    title:
      'A22 is broken (#3855): a Deployment that was scaled down for a Rollout stays down when the Rollout is removed',
    rollout: {
      ...GOOD_RELEASE,
      from_deployment: true,
      rollout: {
        workload_scale_down: 'onsuccess',
        steps: [{ weight_pct: 50, pause_s: 2 }],
        scale_down_delay_s: 1,
      },
      extras: script(
        moment('remove rollout', 'removing the Rollout', stableNow('v2', 45), async ({ ctx, namespace }) => {
          await ctx.kube.remove({ ...ROLLOUT, namespace, name: SHOP }, { deadline_s: 20 });
        }),
        moment('outage', 'watching whether the Deployment comes back', watched(9)),
      ),
      settles: {
        contracts: ['A22'],
        rules_left_out: {
          promoted: 'the Rollout is removed in the end',
          'no-failed-request': 'nobody serves once the Rollout is removed',
          'healthy-after': 'nobody serves once the Rollout is removed',
          'workload-moved': 'A22 judges the Deployment',
          'traffic-share': 'the judged shares are those of the contracts of a canary',
          'routes-agree': 'the split stays declared when nobody serves',
          'judge-saw': 'the rollout is over before anything is measured',
          alert: 'nobody serves once the Rollout is removed',
          'label-truth': 'the roles of pods end with the Rollout',
        },
        known_break: { contract: 'A22', thread: 'argoproj/argo-rollouts#3855' },
      },
    },
  },
];
