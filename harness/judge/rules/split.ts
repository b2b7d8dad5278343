import { acceptedHits, powerOf } from '#harness/core/binomial.ts';
import type { SplitExpectation } from '#harness/core/expectation.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import type { Facts, WeightPeriod } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** The watch tells of a change a moment after the data plane may have taken it, in ms. */
const WATCH_LAG_MS = 500;

/** Fewest seconds whose spread is judged. */
const DISPERSION_MIN_S = 5;
/** Quantile of the normal distribution that chance exceeds once in ten thousand periods. */
const DISPERSION_QUANTILE = 3.72;

/**
 * Upper bound of the dispersion of independent draws over so many seconds: chi-square over its degrees of freedom, by
 * the approximation of Wilson and Hilferty.
 */
function dispersionMax(seconds: number): number {
  const part = 2 / (9 * Math.max(1, seconds - 1));
  return (1 - part + DISPERSION_QUANTILE * Math.sqrt(part)) ** 3;
}

/** What users met while one split was declared. */
interface Measured {
  readonly period: WeightPeriod;
  readonly answers: number;
  readonly canary: number;
  /** Variance of the counts of whole seconds, in units of the binomial one. */
  readonly dispersion: number;
  readonly seconds: number;
}

function measure(
  facts: Facts,
  expected: SplitExpectation,
  period: WeightPeriod,
  settle_ms: number,
): Measured {
  const { primary_release, canary_release } = expected;
  const counts: { readonly all: number; readonly canary: number }[] = [];
  for (const second of facts.seconds) {
    if (second.data.from < period.from + settle_ms || second.at > period.to - WATCH_LAG_MS) continue;
    const of = (release: string): number =>
      second.data.series.reduce((sum, series) => sum + (series.release === release ? series.count : 0), 0);
    const canary = of(canary_release);
    counts.push({ all: of(primary_release) + canary, canary });
  }
  const answers = counts.reduce((sum, { all }) => sum + all, 0);
  const canary = counts.reduce((sum, one) => sum + one.canary, 0);
  const share = canary / answers;
  const spread = counts.map((one) => {
    const variance = one.all * share * (1 - share);
    return variance === 0 ? 0 : (one.canary - one.all * share) ** 2 / variance;
  });
  const dispersion = spread.reduce((sum, one) => sum + one, 0) / Math.max(1, counts.length - 1);
  return { period, answers, canary, dispersion, seconds: counts.length };
}

/** How soon a change is live, by the gateway's own bound. */
function settleTime(facts: Facts): EpochMs {
  const bound = facts.timeline.of('gateway', 'bound')[0];
  if (!bound) throw new MissingEvidence('nobody said how soon the data plane must follow');
  return bound.data.follow_ms;
}

function share_pct({ canary, answers }: Measured): string {
  return `${((100 * canary) / answers).toFixed(2)} %`;
}

/**
 * The share of answers from the canary is the declared one, in each period of constant weights, by the exact binomial
 * test of the period's total.
 *
 * Why the total, and why binomial: Envoy draws a random number for each request, so its counts are binomial. Traefik
 * deals requests out in turn (earliest deadline first), so its counts spread less, and the test accuses a right split
 * even more rarely than promised. Only a gateway that deals out connections or users instead of requests spreads
 * more; that shows in the counts of the seconds, and then the test's assumption does not hold and nothing is proven.
 */
export const split = rule('split', 'the share of users on each release is the declared one', (facts) => {
  facts.requireObserver('gateway');
  const expected = facts.expectation('split');
  const settle_ms = settleTime(facts);
  const declared = facts.weight_periods.filter((period) => expected.canary_pct.includes(period.canary_pct));
  const missing = expected.canary_pct.filter((pct) => !declared.some((period) => period.canary_pct === pct));
  if (missing.length > 0) throw new MissingEvidence(`${missing.join(' %, ')} % was never declared`);
  const false_alarm = expected.false_alarm / declared.length;
  const shift = expected.detect_pp / 100;
  const judged = declared.map((period) => {
    const measured = measure(facts, expected, period, settle_ms);
    const share = period.canary_pct / 100;
    const accepted = acceptedHits(measured.answers, share, false_alarm);
    return {
      ...measured,
      accepted,
      power: measured.answers === 0 ? 0 : powerOf({ share, shift, false_alarm }, measured.answers),
      outside: measured.canary < accepted.least || measured.canary > accepted.most,
    };
  });
  const weak = judged.find((one) => one.power < expected.power);
  const clumped = judged.find(
    (one) => one.seconds >= DISPERSION_MIN_S && one.dispersion > dispersionMax(one.seconds),
  );
  const wrong = judged.find((one) => one.outside);
  const shown = wrong ?? weak ?? clumped ?? judged[0];
  if (shown === undefined) throw new MissingEvidence('no split was declared');
  const frame = {
    limit: `${shown.period.canary_pct} %: ${shown.accepted.least} to ${shown.accepted.most} of ${shown.answers} answers`,
    measured: `${shown.canary} answers`,
    derivation: `exact binomial test over ${declared.length} periods: false alarm ${expected.false_alarm} in all, ${expected.detect_pp} pp found with probability ${Math.min(...judged.map((one) => one.power)).toFixed(4)}; ${settle_ms} ms after each change are left out`,
    evidence: [shown.period.seq, ...judged.map((one) => one.period.seq)],
  };
  const summary = judged
    .map(
      (one) =>
        `${share_pct(one)} of ${one.answers} at ${one.period.canary_pct} % (dispersion ${one.dispersion.toFixed(2)})`,
    )
    .join(', ');
  if (clumped) {
    return {
      ...frame,
      outcome: 'inconclusive',
      reason: `at ${clumped.period.canary_pct} % the answers come in clumps (dispersion ${clumped.dispersion.toFixed(1)}): it is not requests that are split, so the test says nothing; ${summary}`,
    };
  }
  if (wrong) {
    return {
      ...frame,
      outcome: 'fail',
      reason: `${share_pct(wrong)} of ${wrong.answers} answers came from ${expected.canary_release} while ${wrong.period.canary_pct} % was declared`,
    };
  }
  if (weak) {
    return {
      ...frame,
      outcome: 'inconclusive',
      reason: `${weak.answers} answers at ${weak.period.canary_pct} % are too few: an error of ${expected.detect_pp} pp would be found with probability ${weak.power.toFixed(3)} only`,
    };
  }
  return { ...frame, outcome: 'pass', reason: `measured ${summary}` };
});
