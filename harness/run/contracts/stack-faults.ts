import type { Acting } from '../on-cluster.ts';
import { promotionBegan, weightReached, phaseSeen } from '../moments.ts';
import type { LoadedAct, Moment, When } from '../rollout-extras.ts';
import { type FaultUse, withFault } from '../with-fault.ts';
import { stableNow } from './argo-acts.ts';
import { passTime } from './canary-waits.ts';
import { BAD_RELEASE, GOOD_RELEASE, type ArgoCase, type FlaggerCase } from './case.ts';
import { failedChecks, phaseThenLoad } from './flagger-until.ts';

/** The pace of most rollouts here. */
export const QUICK = { interval_s: 10, threshold: 2, step_weight_pct: 25, max_weight_pct: 50 } as const;
/** Seconds of load after the end, so that what came late is seen. */
const AFTER_S = 12;
/** Longest life of a fault that is not healed before. */
const LEASE_S = 120;

/** Either end, with load after it. */
export const ended = phaseThenLoad(['Succeeded', 'Failed'], AFTER_S);

interface Timed {
  /** Name of the act. */
  readonly name: string;
  readonly when: When;
  readonly use: Omit<FaultUse, 'lease_s'>;
  /** Healed after so many seconds of load, and before the next act; at the end when absent. */
  readonly for_s?: number;
}

/** A fault that comes on at a moment of the rollout. */
export function broken({ name, when, use, for_s }: Timed): Moment {
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
export const PACE = {
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
      ...BAD_RELEASE,
      canary: { ...QUICK, step_weight_pct: 10, threshold: 3 },
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
      ...GOOD_RELEASE,
      canary: QUICK,
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

/** Until the lease of the dead leader has run out, nobody changes the labels of pods. */
const UNLABELLED = { ...PACE, 'label-truth': 'nobody changes labels until another leads' };

export const KILLED_ARGO: readonly ArgoCase[] = [
  {
    name: 'killed-rollback',
    title: 'S1: Argo Rollouts, killed at the first weight, aborts a bad release all the same',
    rollout: {
      ...BAD_RELEASE,
      extras: { during: [killed('kill at a weight', 'argo-rollouts', weightReached(10))] },
      settles: { contracts: ['S1'], rules_left_out: UNLABELLED },
    },
  },
  {
    name: 'killed-promotion',
    title: 'S1: Argo Rollouts, killed at a weight and at its last, promotes all the same',
    rollout: {
      ...GOOD_RELEASE,
      extras: {
        during: [
          killed('kill at a weight', 'argo-rollouts', weightReached(10)),
          killed('kill at the last weight', 'argo-rollouts', weightReached(50)),
        ],
      },
      settles: { contracts: ['S1'], rules_left_out: UNLABELLED },
    },
  },
];

/** How long a broken API server stays broken: longer than an interval, shorter than any deadline of a rollout. */
const OUTAGE_S = 15;

/** What cannot be seen while the API server is away. */
const BLIND = {
  ...PACE,
  'run-complete': 'whoever watches the API server loses it; the contract rests on the load and the end',
  'healthy-after': 'states of the workloads may be missing',
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
      ...GOOD_RELEASE,
      canary: QUICK,
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
      ...GOOD_RELEASE,
      canary: QUICK,
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

/** As `BLIND`, for a controller whose every step is judged by what was watched. */
const BLIND_ARGO = {
  ...BLIND,
  'label-truth': 'states of the pods may be missing',
  'every-step': 'weights may be missing',
};

/** A leader that cannot renew its lease ends, and another one has to take it up before anything goes on: a minute. */
const LED_AGAIN_S = 180;

const LED_AGAIN = {
  until: stableNow('v2', LED_AGAIN_S),
  settled: (act: LoadedAct) => passTime(act, AFTER_S),
};

export const API_SERVER_ARGO: readonly ArgoCase[] = [
  {
    name: 'restarted',
    title: 'S2: Argo Rollouts promotes a good release although the API server ends at a weight',
    rollout: {
      ...GOOD_RELEASE,
      extras: {
        during: [
          broken({
            name: 'end the API server',
            when: weightReached(10),
            use: { fault: 'api-server-restarted' },
          }),
        ],
        ...LED_AGAIN,
      },
      settles: { contracts: ['S2'], rules_left_out: BLIND_ARGO },
    },
  },
  {
    name: 'throttled',
    title:
      'S3: Argo Rollouts promotes a good release although the API server refuses it with 429 for a while',
    rollout: {
      ...GOOD_RELEASE,
      extras: {
        during: [
          broken({
            name: 'refuse the controller',
            when: weightReached(10),
            use: { fault: 'api-server-throttled', options: { controller: 'argo-rollouts' } },
            for_s: OUTAGE_S,
          }),
        ],
        ...LED_AGAIN,
      },
      settles: { contracts: ['S3'], rules_left_out: PACE },
    },
  },
];

/** Flux without its source, and without the controllers that would look for it. */
export async function withoutFlux(acting: Acting): Promise<AsyncDisposable> {
  await using away = new AsyncDisposableStack();
  const use = { lease_s: LEASE_S, alone: true };
  away.use(await withFault(acting, { fault: 'flux-source-unavailable', ...use }));
  for (const controller of ['source-controller', 'kustomize-controller']) {
    away.use(await withFault(acting, { fault: 'flux-controller-killed', options: { controller }, ...use }));
  }
  return away.move();
}
