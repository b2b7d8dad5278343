import { shareDeviation, SIGMAS } from '../budgets.ts';
import type { Facts, WeightPeriod } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** Time after a change that is not judged, in ms: the data plane needs a moment to take the new weight. */
const SETTLE_MS = 1_500;

/** The gateway's own bound, where it is longer. */
function settleTime(facts: Facts): number {
  const bound = facts.timeline.of('gateway', 'bound')[0];
  return Math.max(SETTLE_MS, bound?.data.follow_ms ?? 0);
}

/** Fewest answers on which a share is judged. */
const ANSWERS_MIN = 300;

/** Allowance for a split that is dealt out in whole connections and rounds, in percentage points. */
const ROUNDING_PP = 0.5;

interface JudgedPeriod {
  readonly period: WeightPeriod;
  readonly measured_pct: number;
  readonly tolerance_pp: number;
  readonly answers: number;
}

function judgePeriod(facts: Facts, period: WeightPeriod): JudgedPeriod | undefined {
  const { next_release } = facts.spec;
  const span = [period.from + settleTime(facts), period.to - 500] as const;
  const { total, of_release } = facts.countWithin(...span, next_release);
  if (total < ANSWERS_MIN) return undefined;
  const declared = period.canary_pct / 100;
  const share = (declared === 0 ? facts.countAsked(...span, next_release) : of_release) / total;
  return {
    period,
    measured_pct: share * 100,
    // A weight of zero allows no answer at all, so neither chance nor rounding excuses one.
    tolerance_pp: declared === 0 ? 0 : SIGMAS * shareDeviation(declared, total) * 100 + ROUNDING_PP,
    answers: total,
  };
}

function describe(judged: JudgedPeriod): string {
  return `${judged.measured_pct.toFixed(1)} % at ${judged.period.canary_pct} %`;
}

function excess(judged: JudgedPeriod): number {
  return Math.abs(judged.measured_pct - judged.period.canary_pct) - judged.tolerance_pp;
}

/**
 * The gateway does what it declares: in each period of constant weight, the share of answers that came from the new
 * release is the declared one. The tolerance is statistical: it follows from the number of answers in the period.
 * After a promotion the primary runs the new release too, so periods after the last positive weight are left to the
 * rule about the end.
 */
export const trafficShare = rule(
  'traffic-share',
  'the share of users on the new release is the declared weight',
  (facts) => {
    facts.requireObserver('gateway');
    const shipped = facts.shipped;
    const periods = facts.weight_periods;
    const lastPositive = periods.findLastIndex((period) => period.canary_pct > 0);
    const candidates =
      facts.spec.expected === 'promotion' || facts.endState('promotion') !== undefined
        ? promotionPeriods(facts, periods.slice(0, lastPositive + 1))
        : periods;
    const judged = candidates.map((period) => judgePeriod(facts, period)).filter((one) => one !== undefined);
    if (!judged.some((one) => one.period.canary_pct > 0)) {
      throw new MissingEvidence('no period with a positive declared weight held enough answers to be judged');
    }
    const holds = judged.every((one) => excess(one) <= 0);
    // Where all is well, the reader wants the share of the rollout, not the zero before and after it.
    const shown = holds ? judged.filter((one) => one.period.canary_pct > 0) : judged;
    const worst = shown.reduce((left, right) => (excess(right) > excess(left) ? right : left));
    return {
      outcome: holds ? 'pass' : 'fail',
      reason: holds
        ? `measured ${judged.map(describe).join(', ')}`
        : `${worst.measured_pct.toFixed(2)} % of ${worst.answers} answers came from ${facts.spec.next_release} while ${worst.period.canary_pct} % was declared`,
      limit: `${worst.period.canary_pct} % +- ${worst.tolerance_pp.toFixed(1)} pp`,
      measured: `${worst.measured_pct.toFixed(1)} %`,
      derivation: `${SIGMAS} standard deviations of ${worst.answers} answers, and ${ROUNDING_PP} pp`,
      evidence: [shipped.seq, ...judged.map((one) => one.period.seq)],
    };
  },
);

/** Once the new release is copied to the primary, its share no longer follows from the weight: stop there. */
function promotionPeriods(facts: Facts, periods: readonly WeightPeriod[]): readonly WeightPeriod[] {
  const promoting = facts.rollout_states.find((record) => record.data.fields.phase === 'Promoting');
  if (!promoting) return periods;
  return periods
    .filter((period) => period.from < promoting.at)
    .map((period) => (period.to > promoting.at ? { ...period, to: promoting.at } : period));
}
