import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { FINAL_SECONDS, finalAnswers } from './rolled-back.ts';

/** The last release that was shipped serves everything at the end. */
export const servesNext = rule('serves-next', 'the shipped release serves everything at the end', (facts) => {
  const shipped = facts.timeline.of('release', 'shipped').at(-1);
  if (!shipped) throw new MissingEvidence('no release was shipped');
  const { release } = shipped.data;
  const { of_release, total, seqs } = finalAnswers(facts, release);
  if (total === 0) throw new MissingEvidence('no answers were measured at the end');
  return {
    outcome: of_release === total ? 'pass' : 'fail',
    reason: `${of_release} of the ${total} answers in the last ${FINAL_SECONDS} s came from ${release}`,
    limit: '100 %',
    measured: `${((of_release / total) * 100).toFixed(1)} %`,
    evidence: [shipped.seq, ...seqs],
  };
});
