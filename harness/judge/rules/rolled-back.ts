import type { RolloutEnding } from '#harness/core/rollout-spec.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { type Budget, promotionBudget, rollbackBudget } from '../budgets.ts';
import { END_PHASES, endPhase } from '../endings.ts';
import type { Facts } from '../facts.ts';
import { atMost, rule, type Finding } from '../rule.ts';

/** Whole seconds at the end of the load that must be served by the right release alone. */
export const FINAL_SECONDS = 5;

/** Who answered in the last whole seconds of the load. */
export function finalAnswers(
  facts: Facts,
  release: string,
): { of_release: number; total: number; seqs: readonly number[] } {
  const last = facts.seconds.slice(-FINAL_SECONDS);
  let total = 0;
  let of_release = 0;
  for (const second of last) {
    for (const series of second.data.series) {
      total += series.count;
      if (series.release === release) of_release += series.count;
    }
  }
  return { of_release, total, seqs: last.map((second) => second.seq) };
}

/** The end of a rollout: which phase was demanded, within which budget, and who must serve afterwards. */
interface Ending {
  readonly expected: RolloutEnding;
  readonly budget: Budget;
  readonly serving: string;
}

function judgeEnding(facts: Facts, ending: Ending): Finding {
  const shipped = facts.shipped;
  const { seconds: budget_s, derivation } = ending.budget;
  const phase_wanted = endPhase(facts.spec, ending.expected);
  facts.requireObserver('kubernetes');
  const limit = `${atMost(budget_s, 's')} to phase ${phase_wanted}, then ${ending.serving} alone`;
  const reached = facts.endState(ending.expected);
  const last = facts.last_rollout_state;
  if (!reached) {
    const watched_s = (observedUntil(facts) - shipped.at) / 1000;
    const phase = String(last.data.fields.phase ?? 'unknown');
    const evidence = [shipped.seq, last.seq];
    if (watched_s < budget_s && !END_PHASES[facts.spec.controller].includes(phase)) {
      return {
        outcome: 'inconclusive',
        reason: `the run was watched for ${watched_s.toFixed(1)} s only; the last phase seen was ${phase}`,
        limit,
        evidence,
      };
    }
    return {
      outcome: 'fail',
      reason: `the last phase seen was ${phase}, not ${phase_wanted}`,
      limit,
      measured: phase,
      derivation,
      evidence,
    };
  }
  const took_s = (reached.at - shipped.at) / 1000;
  const final = finalAnswers(facts, ending.serving);
  const evidence = [shipped.seq, reached.seq, ...final.seqs];
  const measured = `${took_s.toFixed(1)} s, then ${final.of_release} of ${final.total} answers by ${ending.serving}`;
  if (took_s > budget_s) {
    return {
      outcome: 'fail',
      reason: `phase ${phase_wanted} came ${took_s.toFixed(1)} s after shipping`,
      limit,
      measured,
      derivation,
      evidence,
    };
  }
  if (final.total === 0) {
    return { outcome: 'inconclusive', reason: 'no answers were measured at the end', limit, evidence };
  }
  const whole = final.of_release === final.total;
  return {
    outcome: whole ? 'pass' : 'fail',
    reason: whole
      ? `phase ${phase_wanted} after ${took_s.toFixed(1)} s, and ${ending.serving} serves everything`
      : `${final.total - final.of_release} of the last ${final.total} answers did not come from ${ending.serving}`,
    limit,
    measured,
    derivation,
    evidence,
  };
}

function observedUntil(facts: Facts): EpochMs {
  return facts.timeline.records.at(-1)?.at ?? 0;
}

/**
 * Contracts F1 and A1: at the threshold of failed checks the Canary is Failed, above the failure limit the Rollout is
 * aborted and Degraded, and the former release serves everything.
 */
export const rolledBack = rule(
  'rolled-back',
  'the bad release is rolled back and the former one serves everything',
  (facts) =>
    judgeEnding(facts, {
      expected: 'rollback',
      budget: rollbackBudget(facts.spec),
      serving: facts.spec.stable_release,
    }),
);

/** A release whose checks all pass becomes the one that serves everything. */
export const promoted = rule('promoted', 'the good release is promoted and serves everything', (facts) => {
  const { spec } = facts;
  return judgeEnding(facts, {
    expected: 'promotion',
    budget: promotionBudget(spec),
    serving: spec.next_release,
  });
});
