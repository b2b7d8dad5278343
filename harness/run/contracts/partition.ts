import { podsOfRelease } from '#harness/judge/pods.ts';
import type { When } from '../rollout-extras.ts';
import { withFault } from '../with-fault.ts';
import type { FlaggerCase } from './case.ts';

/** One visit in ten orders, and only orders need the database; see fixtures/apps/shop/visits.ts. */
const ORDERS_PCT = 10;
/** Longest time from shipping until the release's pods are ready, in seconds. */
const READY_S = 60;

/** Pods of the release are ready; Flagger gives them users with its next look, seconds later. */
const canaryReady: When = ({ namespace, next_release }) => ({
  awaited: `ready pods of release ${next_release}`,
  deadline_s: READY_S,
  holds: (timeline) => {
    const pods = [...podsOfRelease(timeline, { namespace, release: next_release }).values()];
    return pods.length > 0 && pods.every(({ data }) => data.fields.ready === true);
  },
});

/** A release that is good in itself, and fails where it was put: its pods cannot reach what those of the former can. */
export const CUT_OFF: readonly FlaggerCase[] = [
  {
    name: 'cut-off',
    title: 'a good release whose pods alone cannot reach the database is rolled back',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: ORDERS_PCT,
      database: true,
      canary: { interval_s: 10, threshold: 2, step_weight_pct: 25, max_weight_pct: 50 },
      load: 'steady-300',
      extras: {
        during: [
          {
            name: 'network-partition',
            title: 'cutting the new pods off from the database',
            when: canaryReady,
            // Pods of the primary are labelled shop-primary.
            act: (act) =>
              withFault(act, {
                fault: 'network-partition',
                options: { from: `app=${act.spec.app}`, to: 'app=postgres', to_namespace: 'postgres' },
                lease_s: 240,
              }),
          },
        ],
      },
    },
  },
];
