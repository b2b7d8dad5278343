import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** Whether the release came to its end although somebody else wrote its weights, and how often it was begun anew. */
export const s7 = contractRule('S7', (facts) => {
  facts.requireObserver('kubernetes');
  facts.requireRollout();
  const { expected } = facts.spec;
  if (expected === 'hold') throw new MissingEvidence('the rollout is not asked to end');
  const fought = facts.timeline
    .of('fault', 'proven_on')
    .filter(({ data }) => data.fault === 'gitops-reapplies');
  if (fought.length === 0) throw new MissingEvidence('nobody set anything back');
  const starts = facts.rollout_events.filter(({ data }) =>
    data.message.startsWith('Starting canary analysis'),
  );
  const bad = facts.bad_answers.reduce((sum, { series }) => sum + series.count, 0);
  const ended = facts.endState(expected);
  const watched_s = (facts.load_end - facts.shipped.at) / 1000;
  const met = `the analysis was begun ${starts.length} times, and users met ${bad} bad answers`;
  return {
    outcome: ended === undefined ? 'fail' : 'pass',
    reason:
      ended === undefined
        ? `no ${expected} in ${watched_s.toFixed(1)} s: ${met}`
        : `${expected} ${((ended.at - facts.shipped.at) / 1000).toFixed(1)} s after shipping; ${met}`,
    limit: `the ${expected}`,
    measured: `${starts.length} beginnings`,
    evidence: [
      ...fought.map(({ seq }) => seq),
      ...starts.map(({ seq }) => seq),
      ...(ended ? [ended.seq] : []),
    ],
  };
});
