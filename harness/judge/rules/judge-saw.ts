import type { RecordOf } from '#harness/core/timeline.ts';
import { shareDeviation, SIGMAS } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { rule } from '../rule.ts';

/** Allowance for Prometheus' extrapolation at the edges of a short window, in percentage points. */
export const EXTRAPOLATION_PP = 5;

/** One check that the controller counted as failed. */
interface FailedCheck {
  readonly record: RecordOf<'kubernetes', 'event'>;
  /** What the controller says it measured; absent when it counted a failure without a value. */
  readonly value?: number;
  readonly check?: string;
}

/**
 * Failed checks as Flagger 1.44 words them (pkg/controller/scheduler_metrics.go): with a value
 * `Halt shop.ns advancement error-rate 49.83 > 1`, or without one: `Halt advancement no values found for ...`,
 * `Metric query failed for ...`, `Prometheus query failed ...`.
 */
function failedChecks(facts: Facts): readonly FailedCheck[] {
  return facts.rollout_events.flatMap((record): FailedCheck[] => {
    const { message } = record.data;
    const valued = /^Halt \S+ advancement (?<check>\S+) (?<value>-?[\d.]+|NaN|[+-]Inf) [<>] /.exec(message);
    if (valued?.groups)
      return [{ record, check: valued.groups.check ?? '', value: Number(valued.groups.value) }];
    if (/^Halt advancement no values found|query failed/i.test(message)) return [{ record }];
    return [];
  });
}

/**
 * The judge is judged: the controller must decide on what users met. Each failed check must carry a value, and that
 * value must agree with the share of bad answers that clients received from the release in the interval before.
 * A controller that rolls back because it sees nothing did the right thing for no reason: it is blind.
 */
export const judgeSaw = rule('judge-saw', 'the controller decided on what users really met', (facts) => {
  const spec = facts.flagger;
  facts.requireObserver('kubernetes');
  const checks = failedChecks(facts);
  const blind = checks.filter((check) => check.value === undefined);
  const limit = `${spec.threshold} failed checks with a value near ${spec.bad_answers_pct} %`;
  const evidence = checks.map((check) => check.record.seq);
  if (blind.length > 0) {
    return {
      outcome: 'fail',
      reason: `the controller was blind: "${blind[0]?.record.data.message ?? ''}"`,
      limit,
      measured: `${blind.length} failed checks without a value`,
      evidence,
    };
  }
  if (checks.length < spec.threshold) {
    return {
      outcome: 'fail',
      reason: `${checks.length} checks failed although users met ${spec.bad_answers_pct} % bad answers of the release`,
      limit,
      measured: `${checks.length} failed checks`,
      evidence,
    };
  }
  const first = checks
    .map((check) => {
      const met = facts.countWithin(
        check.record.at - spec.interval_s * 1000 - 1000,
        check.record.at + 1000,
        spec.next_release,
      );
      const met_pct = met.of_release === 0 ? Number.NaN : (met.bad / met.of_release) * 100;
      const tolerance_pp =
        SIGMAS * shareDeviation(spec.bad_answers_pct / 100, met.of_release) * 100 + EXTRAPOLATION_PP;
      return { check, met_pct, tolerance_pp };
    })
    .find(
      ({ check, met_pct, tolerance_pp }) =>
        !(Math.abs((check.value ?? Number.NaN) - met_pct) <= tolerance_pp),
    );
  const values = checks.map((check) => `${check.value} %`).join(', ');
  return {
    outcome: first ? 'fail' : 'pass',
    reason: first
      ? `the controller measured ${first.check.value} % while clients met ${first.met_pct.toFixed(1)} %`
      : `${checks.length} checks failed on ${values}, as clients met it`,
    limit,
    measured: values,
    derivation: `${SIGMAS} standard deviations of the answers in the interval, and ${EXTRAPOLATION_PP} pp for extrapolation`,
    evidence,
  };
});

/** A good release fails no check, and the controller did look: it advanced on values. */
export const judgeContent = rule('judge-saw', 'no check fails on a good release', (facts) => {
  facts.requireObserver('kubernetes');
  const checks = failedChecks(facts);
  const advanced = facts.rollout_events.filter((record) =>
    /^Advance \S+ canary weight/.test(record.data.message),
  );
  const outcome = checks.length > 0 || advanced.length === 0 ? 'fail' : 'pass';
  return {
    outcome,
    reason:
      checks.length > 0
        ? `a check failed: "${checks[0]?.record.data.message ?? ''}"`
        : `${advanced.length} advances, no failed check`,
    limit: '0 failed checks',
    measured: `${checks.length} failed checks`,
    evidence: [...checks.map((check) => check.record.seq), ...advanced.map((record) => record.seq)],
  };
});
