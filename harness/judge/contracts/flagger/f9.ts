import { MissingEvidence } from '../../missing-evidence.ts';
import { finalAnswers } from '../../rules/rolled-back.ts';
import { contractRule } from '../contract-rule.ts';

/**
 * What became of users, traffic and pods after the primary did not become ready: at phase Failed, and still some
 * intervals later, because a later tick could undo it.
 */
export const f9 = contractRule('F9', (facts) => {
  const { namespace, app, next_release, interval_s } = facts.flagger;
  for (const name of ['kubernetes', 'gateway', 'chat']) facts.requireObserver(name);
  const promoting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Promoting');
  if (!promoting) throw new MissingEvidence('the promotion never began');
  const limit = `phase Failed, 100 % to the canary, its pods there, users served by ${next_release}, one alert`;
  const failed = facts.endState('rollback');
  if (!failed) {
    const last = facts.last_rollout_state;
    const reason = `the Canary is ${String(last.data.fields.phase)}, not Failed`;
    return { outcome: 'fail', reason, limit, evidence: [promoting.seq, last.seq] };
  }
  if (facts.load_end - failed.at < 2 * interval_s * 1000) {
    throw new MissingEvidence('users were not watched for two intervals after phase Failed');
  }
  const canary = facts.timeline
    .of('kubernetes', 'object')
    .findLast(({ subject }) => subject === `Deployment/${namespace}/${app}`);
  const weight = facts.weight_periods.at(-1);
  const final = finalAnswers(facts, next_release);
  const last_seqs = new Set(final.seqs);
  const bad = facts
    .series((series) => series.bad)
    .filter(({ seq }) => last_seqs.has(seq))
    .reduce((sum, { series }) => sum + series.count, 0);
  const alerts = facts.timeline
    .of('chat', 'message')
    .filter(
      ({ at, subject, data }) =>
        at >= promoting.at && subject === `Canary/${namespace}/${app}` && data.severity === 'danger',
    );
  const replicas = Number(canary?.data.fields.replicas ?? 0);
  const share = weight === undefined ? 'no share was seen' : `${weight.canary_pct.toFixed(1)} %`;
  const broken = [
    ...(weight?.canary_pct === 100 ? [] : [`${share} to the canary`]),
    ...(replicas > 0 ? [] : ['the canary has no pods']),
    ...(final.of_release === final.total
      ? []
      : [`${final.of_release} of the last ${final.total} answers came from ${next_release}`]),
    ...(bad === 0 ? [] : [`${bad} of the last ${final.total} answers were bad`]),
    ...(alerts.length > 0 ? [] : ['no alert was sent']),
  ];
  const took_s = ((failed.at - promoting.at) / 1000).toFixed(1);
  return {
    outcome: broken.length === 0 ? 'pass' : 'fail',
    reason: `Failed ${took_s} s after the promotion began; ${broken.length === 0 ? `the canary's ${replicas} pods serve everybody, and an alert says so` : broken.join(', ')}`,
    limit,
    measured: `${share} to ${replicas} pods, ${bad} bad answers at the end`,
    evidence: [
      promoting.seq,
      failed.seq,
      ...(canary ? [canary.seq] : []),
      ...(weight ? [weight.seq] : []),
      ...alerts.map(({ seq }) => seq),
      ...final.seqs,
    ],
  };
});
