import { METRICS_PROXY_ADDRESS } from '#harness/stack/metrics-proxy.ts';
import { weightReached } from '../moments.ts';
import type { Moment } from '../rollout-extras.ts';
import { type FaultUse, withFault } from '../with-fault.ts';
import { comparingFlagger } from './accuracy.ts';
import { passTime } from './canary-waits.ts';
import { GOOD_RELEASE, type FlaggerCase } from './case.ts';
import { phaseThenLoad } from './flagger-until.ts';

const quick = { interval_s: 10, threshold: 3, step_weight_pct: 25, max_weight_pct: 50 } as const;

/** Seconds of load after the end, so that what came late is seen. */
const AFTER_S = 12;

const ended = phaseThenLoad(['Succeeded', 'Failed'], AFTER_S);

/** A fault that comes on at the first weight and goes off by itself after so long, or when the rollout has settled. */
function atFirstWeight(use: FaultUse, for_s?: number): Moment {
  return {
    name: use.fault,
    title: `injecting ${use.fault}`,
    when: weightReached(quick.step_weight_pct),
    act: async (act) => {
      const fault = await withFault(act, use);
      if (for_s === undefined) return fault;
      await using _on = fault;
      await passTime(act, for_s);
      return undefined;
    },
  };
}

/** Its budget allows for no trouble on the way, and how long a controller waits for that to pass is its own affair. */
const MAY_WAIT = {
  promoted: 'the controller may wait for the trouble to pass; the promotion itself is asked for',
};

/** What goes wrong beside a good release, and must not be blamed on it. */
export const NOT_BLAMED: readonly FlaggerCase[] = [
  {
    name: 'pod-kill',
    title: 'N1: a good release is promoted although one of three pods of the primary is killed',
    rollout: {
      ...GOOD_RELEASE,
      canary: { ...quick, replicas: 3 },
      extras: {
        during: [
          atFirstWeight({
            fault: 'pod-kill',
            options: { labels: 'app=shop-primary', count: 1 },
            lease_s: 60,
          }),
        ],
        until: ended,
      },
      settles: {
        contracts: ['N1'],
        rules_left_out: {
          ...MAY_WAIT,
          'no-other-loss': 'whoever the killed pod was answering has no answer',
        },
      },
    },
  },
  {
    name: 'slow-start',
    title: 'N2: a good release whose pods take 15 s to be ready is promoted',
    rollout: {
      release: 'slow-start',
      expected: 'promotion',
      bad_answers_pct: 0,
      canary: quick,
      load: 'steady-300',
      extras: { until: ended },
      settles: { contracts: ['N2'], rules_left_out: MAY_WAIT },
    },
  },
  {
    name: 'prometheus-outage',
    title: 'N3: a good release is promoted although Prometheus answers nothing for 12 s',
    rollout: {
      ...GOOD_RELEASE,
      canary: { ...quick, metrics_address: METRICS_PROXY_ADDRESS },
      extras: {
        during: [
          atFirstWeight({ fault: 'prometheus-lies', options: { answer: 'unavailable' }, lease_s: 60 }, 12),
        ],
        until: ended,
      },
      settles: {
        contracts: ['N3'],
        rules_left_out: { ...MAY_WAIT, 'judge-saw': 'the checks of the outage are meant to see nothing' },
      },
    },
  },
  {
    name: 'slow-dependency',
    title:
      'N4: a good release is promoted by a check of latency although the database is 50 ms slower for both',
    rollout: {
      release: 'accuracy-base',
      stable: 'accuracy-base',
      expected: 'promotion',
      bad_answers_pct: 0,
      database: true,
      database_proxy: true,
      canary: { ...quick, check_name: 'slower', check_max_pct: 10 },
      load: 'steady-300',
      reshape: comparingFlagger,
      extras: {
        during: [atFirstWeight({ fault: 'network-latency', options: { delay_ms: 50 }, lease_s: 120 })],
        until: ended,
      },
      settles: {
        contracts: ['N4'],
        rules_left_out: {
          ...MAY_WAIT,
          'judge-saw': 'it compares shares of bad answers, and this check is of latency',
        },
      },
    },
  },
];

/** What goes wrong with a part that others use: it runs alone. */
export const NOT_BLAMED_ALONE: readonly FlaggerCase[] = [
  {
    name: 'gateway-restart',
    title: 'N5: a good release is promoted although the gateway is restarted while it has half of the users',
    rollout: {
      ...GOOD_RELEASE,
      canary: quick,
      extras: {
        during: [
          {
            ...atFirstWeight({ fault: 'gateway-restarted', lease_s: 60, alone: true }),
            when: weightReached(quick.max_weight_pct),
          },
        ],
        until: ended,
      },
      settles: {
        contracts: ['N5'],
        rules_left_out: {
          ...MAY_WAIT,
          'no-other-loss': 'nobody is answered until the gateway is back',
          'load-self-check': 'requests that nobody answers hold the users of the load back',
          'routes-agree': 'a gateway that restarts has no routes for a while',
          'judge-saw': 'a check without traffic in its window has no value',
        },
      },
    },
  },
];
