import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** Whether a Canary that asks nothing comes to its promotion, and how bad the release was that nobody judged. */
export const f6 = contractRule('F6', (facts) => {
  const { app, next_release } = facts.flagger;
  facts.requireObserver('kubernetes');
  const { shipped, last_rollout_state: last } = facts;
  const checks = Number(last.data.fields.checks);
  if (checks !== 0)
    throw new MissingEvidence(`the Canary has ${checks} checks, so it shows nothing about none`);
  const failed = facts.rollout_events.filter(({ data }) => /^Halt .*advancement/.test(data.message));
  const promoted = facts.endState('promotion');
  const met = facts.series(({ release }) => release === next_release);
  const total = met.reduce((sum, { series }) => sum + series.count, 0);
  const bad = met.reduce((sum, { series }) => sum + (series.bad ? series.count : 0), 0);
  if (total === 0) throw new MissingEvidence(`clients never met release ${next_release}`);
  const bad_pct = ((bad / total) * 100).toFixed(1);
  return {
    outcome: promoted && failed.length === 0 ? 'pass' : 'fail',
    reason: promoted
      ? `promoted on the health of its pods alone, with ${bad_pct} % of its answers bad: a Canary of ${app} without metrics is not safe`
      : `phase ${String(last.data.fields.phase)}, and ${failed.length} checks failed although there is none`,
    limit: 'promoted without a check',
    measured: `${failed.length} failed checks, ${bad_pct} % bad answers`,
    evidence: [shipped.seq, last.seq, ...(promoted ? [promoted.seq] : []), ...failed.map(({ seq }) => seq)],
  };
});
