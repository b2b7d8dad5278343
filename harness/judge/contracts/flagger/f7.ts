import type { Facts } from '../../facts.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** The canary's Deployment once it was asked for pods again. @throws MissingEvidence when it never was */
function scaledUp(facts: Facts): RecordOf<'kubernetes', 'object'> {
  const { namespace, app } = facts.flagger;
  const { shipped } = facts;
  const states = facts.timeline
    .of('kubernetes', 'object')
    .filter(({ subject, seq }) => subject === `Deployment/${namespace}/${app}` && seq > shipped.seq);
  const asked = states.find(({ data }) => Number(data.fields.replicas) > 0);
  if (!asked) throw new MissingEvidence('the canary was never scaled up');
  const whole = states.find(
    ({ data: { fields } }) => Number(fields.replicas) > 0 && Number(fields.ready) >= Number(fields.replicas),
  );
  if (whole) throw new MissingEvidence('all pods of the canary became ready, so no deadline was at stake');
  return asked;
}

/**
 * From shipping to phase Failed of a release whose pods never all become ready. Flagger compares the time since the
 * Deployment had too few pods with the deadline, on each tick: one tick to see the release, one after the deadline.
 * Not before the deadline either, and no user meets the release.
 */
export const f7 = contractRule('F7', (facts) => {
  const { interval_s, progress_deadline_s, next_release } = facts.flagger;
  facts.requireObserver('kubernetes');
  if (progress_deadline_s === undefined)
    throw new MissingEvidence('the run does not say what its deadline was');
  const { shipped } = facts;
  const asked = scaledUp(facts);
  const budget_s = 2 * interval_s + progress_deadline_s + WITHDRAWAL_SLACK_S;
  const limit = `Failed ${progress_deadline_s} s after the scale-up at the earliest, <= ${budget_s} s after shipping`;
  const derivation = `2 x interval ${interval_s} s + deadline ${progress_deadline_s} s + ${WITHDRAWAL_SLACK_S} s`;
  const failed = facts.endState('rollback');
  if (!failed) {
    const { last_rollout_state: last } = facts;
    const watched_s = (last.at - shipped.at) / 1000;
    if (facts.load_end - shipped.at < budget_s * 1000) {
      throw new MissingEvidence(`watched for ${watched_s.toFixed(1)} s only`);
    }
    return {
      outcome: 'fail',
      reason: `still ${String(last.data.fields.phase)}`,
      limit,
      evidence: [shipped.seq, last.seq],
    };
  }
  const took_s = (failed.at - shipped.at) / 1000;
  const waited_s = (failed.at - asked.at) / 1000;
  const met = facts.series(({ release }) => release === next_release);
  const answers = met.reduce((sum, { series }) => sum + series.count, 0);
  const early = waited_s < progress_deadline_s - 1;
  return {
    outcome: !early && took_s <= budget_s && answers === 0 ? 'pass' : 'fail',
    reason: `Failed ${took_s.toFixed(1)} s after shipping and ${waited_s.toFixed(1)} s after the scale-up; ${answers} answers came from ${next_release}`,
    limit,
    measured: `${took_s.toFixed(1)} s`,
    derivation,
    evidence: [shipped.seq, asked.seq, failed.seq, ...met.map(({ seq }) => seq)],
  };
});
