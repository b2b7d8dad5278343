import { promotionBegan, weightReached, phaseSeen } from '../moments.ts';
import type { LoadedAct, Moment, When } from '../rollout-extras.ts';
import { type FaultUse, withFault } from '../with-fault.ts';
import { passTime } from './canary-waits.ts';
import type { ArgoCase, FlaggerCase } from './case.ts';
import { failedChecks, phaseThenLoad } from './flagger-until.ts';

const QUICK = { interval_s: 10, threshold: 2, step_weight_pct: 25, max_weight_pct: 50 } as const;
/** Seconds of load after the end, so that what came late is seen. */
const AFTER_S = 12;
/** Longest life of a fault that is not healed before. */
const LEASE_S = 120;

const ended = phaseThenLoad(['Succeeded', 'Failed'], AFTER_S);

interface Timed {
  /** Name of the act. */
  readonly name: string;
  readonly when: When;
  readonly use: Omit<FaultUse, 'lease_s'>;
  /** Healed after so many seconds of load, and before the next act; at the end when absent. */
  readonly for_s?: number;
}

/** A fault that comes on at a moment of the rollout. */
function broken({ name, when, use, for_s }: Timed): Moment {
  return {
    name,
    title: `injecting ${use.fault}`,
    when,
    act: async (act: LoadedAct) => {
      const fault = await withFault(act, { lease_s: LEASE_S, alone: true, ...use });
      if (for_s === undefined) return fault;
      await using _on = fault;
      await passTime(act, for_s);
      return undefined;
    },
  };
}

function killed(name: string, controller: 'flagger' | 'argo-rollouts', when: When): Moment {
  const use = { fault: 'controller-killed', options: { controller } };
  // Flagger is back in seconds; a leader of Argo Rollouts that is killed leaves its lease to run out, so the next act
  // does not wait for that.
  return broken({ name, when, use, ...(controller === 'flagger' ? { for_s: 1 } : {}) });
}

/** Each start of the controller begins its pace anew. */
const PACE = {
  exposure: 'each start of the controller begins its interval anew',
  harm: 'each start of the controller begins its interval anew',
  'rolled-back': 'each start of the controller begins its interval anew',
  promoted: 'each start of the controller begins its interval anew; the end itself is asked for',
};

/** What a controller that is killed at each phase goes on with. */
export const KILLED_FLAGGER: readonly FlaggerCase[] = [
  {
    name: 'killed-rollback',
    title: 'S1: Flagger, killed at each failed check, rolls back at the threshold all the same',
    rollout: {
      release: 'errors-50',
      expected: 'rollback',
      bad_answers_pct: 50,
      canary: { ...QUICK, step_weight_pct: 10 },
      load: 'steady-300',
      extras: {
        during: [
          killed('kill at 1 failed check', 'flagger', failedChecks(1)),
          killed('kill at 2 failed checks', 'flagger', failedChecks(2)),
        ],
        until: ended,
      },
      settles: { contracts: ['S1'], rules_left_out: PACE },
    },
  },
  {
    name: 'killed-promotion',
    title: 'S1: Flagger, killed at a weight, in the promotion and in the finalising, promotes all the same',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: QUICK,
      load: 'steady-300',
      extras: {
        during: [
          killed('kill at a weight', 'flagger', weightReached(25)),
          killed('kill in the promotion', 'flagger', promotionBegan),
          killed('kill in the finalising', 'flagger', phaseSeen('Finalising')),
        ],
        until: ended,
      },
      settles: { contracts: ['S1'], rules_left_out: PACE },
    },
  },
];

export const KILLED_ARGO: readonly ArgoCase[] = [
  {
    name: 'killed-rollback',
    title: 'S1: Argo Rollouts, killed at the first weight, aborts a bad release all the same',
    rollout: {
      release: 'errors-50',
      expected: 'rollback',
      bad_answers_pct: 50,
      load: 'steady-300',
      extras: { during: [killed('kill at a weight', 'argo-rollouts', weightReached(10))] },
      settles: { contracts: ['S1'], rules_left_out: PACE },
    },
  },
  {
    name: 'killed-promotion',
    title: 'S1: Argo Rollouts, killed at a weight and at its last, promotes all the same',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      load: 'steady-300',
      extras: {
        during: [
          killed('kill at a weight', 'argo-rollouts', weightReached(10)),
          killed('kill at the last weight', 'argo-rollouts', weightReached(50)),
        ],
      },
      settles: { contracts: ['S1'], rules_left_out: PACE },
    },
  },
];

/** How long a broken API server stays broken: longer than an interval, shorter than any deadline of a rollout. */
const OUTAGE_S = 15;

/** What cannot be seen while the API server is away. */
const BLIND = {
  ...PACE,
  'run-complete': 'whoever watches the API server loses it; the contract rests on the load and the end',
  'judge-saw': 'states of the analysis may be missing',
  'traffic-share': 'weights may be missing',
  'routes-agree': 'weights may be missing',
};

/** What an API server that is away, or refuses, does to rollouts that are under way. */
export const API_SERVER_FLAGGER: readonly FlaggerCase[] = [
  {
    name: 'restarted',
    title: 'S2: Flagger promotes a good release although the API server ends at a weight',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: QUICK,
      load: 'steady-300',
      extras: {
        during: [
          broken({
            name: 'end the API server',
            when: weightReached(25),
            use: { fault: 'api-server-restarted' },
            for_s: 1,
          }),
        ],
        until: ended,
      },
      settles: { contracts: ['S2'], rules_left_out: BLIND },
    },
  },
  {
    name: 'throttled',
    title: 'S3: Flagger promotes a good release although the API server refuses it with 429 for a while',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: QUICK,
      load: 'steady-300',
      extras: {
        during: [
          broken({
            name: 'refuse the controller',
            when: weightReached(25),
            use: { fault: 'api-server-throttled', options: { controller: 'flagger' } },
            for_s: OUTAGE_S,
          }),
        ],
        until: ended,
      },
      settles: { contracts: ['S3'], rules_left_out: PACE },
    },
  },
];

export const API_SERVER_ARGO: readonly ArgoCase[] = [
  {
    name: 'restarted',
    title: 'S2: Argo Rollouts promotes a good release although the API server ends at a weight',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      load: 'steady-300',
      extras: {
        during: [
          broken({
            name: 'end the API server',
            when: weightReached(10),
            use: { fault: 'api-server-restarted' },
          }),
        ],
      },
      settles: { contracts: ['S2'], rules_left_out: BLIND },
    },
  },
  {
    name: 'throttled',
    title:
      'S3: Argo Rollouts promotes a good release although the API server refuses it with 429 for a while',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      load: 'steady-300',
      extras: {
        during: [
          broken({
            name: 'refuse the controller',
            when: weightReached(10),
            use: { fault: 'api-server-throttled', options: { controller: 'argo-rollouts' } },
            for_s: OUTAGE_S,
          }),
        ],
      },
      settles: { contracts: ['S3'], rules_left_out: PACE },
    },
  },
];

/** Less than Flagger's patience with a chat, 5 s: the message is taken, late. */
const CHAT_DELAY_MS = 4_500;

const SLOW_CHAT = {
  steady: (act: LoadedAct) =>
    withFault(act, { fault: 'chat-slow', options: { delay_ms: CHAT_DELAY_MS }, lease_s: 300 }),
};

/** Both controllers tell before they act: seen in their source, and measured here. */
const TOLD_FIRST = {
  contracts: ['S5'],
  rules_left_out: {
    exposure: 'the contract judges by how much it is prolonged',
    harm: 'the contract judges by how much it is prolonged',
    'rolled-back': 'each message holds the controller up',
  },
  known_break: { contract: 'S5', thread: 'harness/DESIGN.md' },
};

export const SLOW_CHAT_FLAGGER: readonly FlaggerCase[] = [
  {
    name: 'slow-chat',
    title: 'S5: Flagger keeps users on a release that it has given up until the chat has answered',
    rollout: {
      release: 'errors-50',
      expected: 'rollback',
      bad_answers_pct: 50,
      canary: { ...QUICK, step_weight_pct: 10 },
      load: 'steady-300',
      extras: SLOW_CHAT,
      settles: TOLD_FIRST,
    },
  },
];

export const SLOW_CHAT_ARGO: readonly ArgoCase[] = [
  {
    name: 'slow-chat',
    title: 'S5: Argo Rollouts keeps users on a release that it has given up until the chat has answered',
    rollout: {
      release: 'errors-50',
      expected: 'rollback',
      bad_answers_pct: 50,
      load: 'steady-300',
      extras: SLOW_CHAT,
      settles: TOLD_FIRST,
    },
  },
];

/** Who else sets numbers and routes while a release is on its way. */
export const FOUGHT_FLAGGER: readonly FlaggerCase[] = [
  {
    name: 'autoscaler',
    title:
      'S6: a good release is promoted although an autoscaler sets the number of pods of the primary to and fro',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: QUICK,
      load: 'steady-300',
      extras: {
        during: [
          broken({
            name: 'fight over pods',
            when: weightReached(25),
            use: {
              fault: 'hpa-fights',
              options: { name: 'shop-primary', low: 2, high: 3, every_s: 4 },
              alone: false,
            },
          }),
        ],
        until: ended,
      },
      settles: { contracts: ['S6'], rules_left_out: PACE },
    },
  },
  {
    name: 'replicas-in-git',
    title:
      'S6: a good release is promoted although a GitOps tool sets the number of its pods again and again',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: QUICK,
      load: 'steady-300',
      extras: {
        during: [
          broken({
            name: 'apply replicas',
            when: weightReached(25),
            use: {
              fault: 'gitops-reapplies',
              options: { kind: 'Deployment', name: 'shop', every_s: 3 },
              alone: false,
            },
          }),
        ],
        until: ended,
      },
      settles: { contracts: ['S6'], rules_left_out: PACE },
    },
  },
  {
    name: 'weights-in-git',
    title: 'S7: a good release is promoted although a GitOps tool sets the weights back again and again',
    rollout: {
      release: 'good',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: QUICK,
      load: 'steady-300',
      extras: {
        steady: (act: LoadedAct) =>
          withFault(act, {
            fault: 'gitops-reapplies',
            options: { kind: 'TraefikService', name: 'shop', every_s: 3 },
            lease_s: 300,
          }),
        until: ended,
      },
      settles: {
        contracts: ['S7'],
        rules_left_out: {
          ...PACE,
          'judge-saw': 'the canary has traffic for a part of each window only',
          'traffic-share': 'who declares weights changes every few seconds',
        },
      },
    },
  },
];
