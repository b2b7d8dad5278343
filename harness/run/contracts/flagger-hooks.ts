import { HOOKS } from '#harness/judge/contracts/flagger/calls.ts';
import { GATE_CLOSED } from '#harness/stack/gate.ts';
import { webhooks } from '../canary-shapes.ts';
import { phaseSeen } from '../moments.ts';
import type { When } from '../rollout-extras.ts';
import type { FlaggerCase } from './case.ts';
import { gateOf, hook } from './flagger-gates.ts';

/** Longer than the hook is given. */
const LATE_MS = 5_000;

/** Failed checks that the Canary counted. */
function counted(failed_checks: number): When {
  return (spec) => ({
    awaited: `${failed_checks} failed checks`,
    deadline_s: 3 * spec.interval_s,
    holds: (timeline) =>
      timeline
        .of('kubernetes', 'object')
        .some(
          ({ subject, data }) =>
            subject.startsWith('Canary/') && Number(data.fields['failed_checks']) >= failed_checks,
        ),
  });
}

/** What hooks that fail lead to. */
export const FLAGGER_HOOKS: readonly FlaggerCase[] = [
  {
    name: 'failing',
    title:
      'F13, F14, F16, F18: hooks that fail or are late count as failed checks, before any traffic and even when the promotion waits',
    rollout: {
      release: 'good',
      expected: 'rollback',
      bad_answers_pct: 0,
      canary: { interval_s: 10, threshold: 4, step_weight_pct: 20, max_weight_pct: 20 },
      // Two refusals before the first weight, and the wait for the promotion.
      declares: { held_s: 20 },
      load: 'steady-300',
      reshape: webhooks([
        hook(HOOKS.pre_rollout),
        hook(HOOKS.rollout),
        hook(HOOKS.confirm_promotion),
        hook(HOOKS.post_rollout),
      ]),
      extras: {
        prepared: async (act) => {
          await gateOf(act, HOOKS.pre_rollout, { ...GATE_CLOSED, times: 2 });
          await gateOf(act, HOOKS.confirm_promotion, GATE_CLOSED);
        },
        during: [
          {
            name: 'fail the check',
            title: 'answering the rollout hook with an error while the promotion waits',
            when: phaseSeen('WaitingPromotion'),
            act: (act) => gateOf(act, HOOKS.rollout, { status: 500 }),
          },
          {
            name: 'delay the check',
            title: 'answering the rollout hook too late',
            when: counted(3),
            act: (act) => gateOf(act, HOOKS.rollout, { delay_ms: LATE_MS }),
          },
        ],
      },
      settles: {
        contracts: ['F13', 'F14', 'F16', 'F18'],
        rules_left_out: {
          exposure: 'the release itself is good: hooks fail',
          harm: 'the release itself is good: hooks fail',
          'judge-saw': 'no metric decides',
          alert: 'no user meets a failure, so no alert can be pending',
        },
      },
    },
  },
];
