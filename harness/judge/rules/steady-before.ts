import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** Whole seconds of undisturbed service that must precede the act. */
export const STEADY_SECONDS = 5;

/**
 * The steady state held before the act: without it nothing that follows can be blamed on the act. Where a rollout is
 * declared, its stable release alone must have answered; otherwise one release alone, whichever it is.
 */
export const steadyBefore = rule('steady-before', 'the service was steady before the act', (facts) => {
  const { act_began, timeline } = facts;
  const before = facts.seconds.filter((second) => second.at <= act_began.at).slice(-STEADY_SECONDS);
  if (before.length < STEADY_SECONDS) {
    throw new MissingEvidence(`only ${before.length} s of load were measured before the act`);
  }
  const answers = before.flatMap((second) => second.data.series);
  const total = answers.reduce((sum, series) => sum + series.count, 0);
  const declared = timeline.of('harness', 'spec')[0]?.data.stable_release;
  const release = declared ?? answers.find((series) => !series.bad)?.release ?? 'any release';
  const other = answers.reduce(
    (sum, series) => sum + (series.bad || series.release !== release ? series.count : 0),
    0,
  );
  const steady = total > 0 && other === 0;
  return {
    outcome: steady ? 'pass' : 'inconclusive',
    reason: steady
      ? `${total} good answers of ${release} in the ${STEADY_SECONDS} s before`
      : `${other} of ${total} answers before the act were bad or of another release`,
    limit: '<= 0 answers',
    measured: `${other} answers`,
    evidence: before.map((second) => second.seq),
  };
});
