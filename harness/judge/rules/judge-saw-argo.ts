import { shareDeviation, SIGMAS } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { type Measurement, measurementsOf } from '../measurements.ts';
import { type Finding, rule } from '../rule.ts';
import { EXTRAPOLATION_PP } from './judge-saw.ts';

/** What clients received from the release while a measurement looked back, beside what it found. */
interface Compared {
  readonly measurement: Measurement;
  readonly answers: number;
  readonly met_pct: number;
  readonly tolerance_pp: number;
}

function compare(facts: Facts, measurement: Measurement): Compared {
  const { window_s, scrape_interval_s, next_release, bad_answers_pct } = facts.argo;
  const back_ms = (window_s + scrape_interval_s) * 1000;
  const met = facts.countWithin(measurement.at - back_ms, measurement.at + 1_000, next_release);
  return {
    measurement,
    answers: met.of_release,
    met_pct: met.of_release === 0 ? Number.NaN : (met.bad / met.of_release) * 100,
    tolerance_pp: SIGMAS * shareDeviation(bad_answers_pct / 100, met.of_release) * 100 + EXTRAPOLATION_PP,
  };
}

/** Measurements of the declared check, each beside what clients met. Where the Rollout was seen, so would they be. */
function compared(facts: Facts): readonly Compared[] {
  facts.requireObserver('kubernetes');
  facts.requireRollout();
  return measurementsOf(facts)
    .filter(({ metric }) => metric === facts.argo.check.name)
    .map((measurement) => compare(facts, measurement));
}

function problemOf(check: string, all: readonly Compared[]): string | undefined {
  if (all.length === 0) return `the controller never measured ${check}`;
  const blind = all.find(({ measurement, answers }) => measurement.value === undefined && answers > 0);
  if (blind) {
    const { phase, received } = blind.measurement;
    const what = received === '' ? 'nothing' : `"${received}"`;
    return `the controller was blind: it received ${what} while clients received ${blind.answers} answers of the release, and took it as ${phase}`;
  }
  const wrong = all.find(
    ({ measurement, met_pct, tolerance_pp }) =>
      measurement.value !== undefined && !(Math.abs(measurement.value - met_pct) <= tolerance_pp),
  );
  if (wrong) {
    return `the controller measured ${wrong.measurement.value?.toFixed(1)} % while clients met ${wrong.met_pct.toFixed(1)} %`;
  }
  return undefined;
}

function describe(all: readonly Compared[]): string {
  return all
    .map(({ measurement }) =>
      measurement.value === undefined ? 'no value' : `${measurement.value.toFixed(1)} %`,
    )
    .join(', ');
}

function finding(all: readonly Compared[], limit: string, problem: string | undefined): Finding {
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `${all.length} measurements found ${describe(all)}, as clients met it`,
    limit,
    measured: all.length === 0 ? 'no measurements' : describe(all),
    derivation: `${SIGMAS} standard deviations of the answers in the window, and ${EXTRAPOLATION_PP} pp for extrapolation`,
    evidence: all.map(({ measurement }) => measurement.seq),
  };
}

/**
 * Contract A4, and the judge is judged: the analysis must fail on what users met. Each measurement carries a value
 * that agrees with the share of bad answers that clients received from the release while it looked back. A condition
 * that is guarded by `len(result) > 0` over a metric that nobody gives finds every release good, and one that fails
 * for want of data does the right thing for no reason: both are blind.
 */
export const judgeSawArgo = rule('judge-saw', 'the controller decided on what users really met', (facts) => {
  const spec = facts.argo;
  const all = compared(facts);
  const failed = all.filter(({ measurement }) => measurement.phase === 'Failed');
  const limit = `${spec.failure_limit + 1} failed measurements near ${spec.bad_answers_pct} %`;
  const enough = failed.length > spec.failure_limit;
  const problem =
    problemOf(spec.check.name, all) ??
    (enough
      ? undefined
      : `${failed.length} measurements failed although users met ${spec.bad_answers_pct} % bad answers of the release`);
  return finding(all, limit, problem);
});

/**
 * A good release fails no measurement, and the controller did look: every measurement under traffic carries a value.
 */
export const judgeContentArgo = rule('judge-saw', 'no measurement fails on a good release', (facts) => {
  const all = compared(facts);
  const failed = measurementsOf(facts).find(({ phase }) => phase !== 'Successful');
  const problem =
    problemOf(facts.argo.check.name, all) ??
    (failed
      ? `a measurement of ${failed.metric} was ${failed.phase}: it received ${failed.received || 'nothing'}`
      : undefined);
  return finding(all, 'every measurement successful, with a value', problem);
});
