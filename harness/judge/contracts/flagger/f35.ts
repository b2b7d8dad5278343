import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** What Flagger does once the primary was set to no pods at all: the promise is that it goes no further. */
export const f35 = contractRule('F35', (facts) => {
  const { namespace, app, interval_s } = facts.flagger;
  facts.requireObserver('kubernetes');
  const emptied = facts.timeline
    .of('kubernetes', 'object')
    .find(
      ({ at, subject, data }) =>
        at >= facts.shipped.at &&
        subject === `Deployment/${namespace}/${app}-primary` &&
        data.fields.replicas === 0,
    );
  if (!emptied) throw new MissingEvidence('the primary was never set to no pods');
  const before = facts.rollout_states.findLast(({ at }) => at <= emptied.at);
  if (!before) throw new MissingEvidence('the rollout had not begun when the primary was set to no pods');
  const weight_pct = Number(before.data.fields.weight_pct);
  const went = facts.rollout_states.find(
    ({ at, data: { fields } }) =>
      at > emptied.at &&
      (Number(fields.weight_pct) > weight_pct ||
        ['Promoting', 'Finalising', 'Succeeded'].includes(String(fields.phase))),
  );
  const watched_s = (facts.load_end - emptied.at) / 1000;
  if (!went && watched_s < 3 * interval_s)
    throw new MissingEvidence(`watched for ${watched_s.toFixed(1)} s only`);
  const said = facts.rollout_events.filter(({ data }) => /scaled to zero/.test(data.message));
  return {
    outcome: went ? 'fail' : 'pass',
    reason: went
      ? `${((went.at - emptied.at) / 1000).toFixed(1)} s later it went on to ${String(went.data.fields.phase)}, weight ${String(went.data.fields.weight_pct)} %`
      : `it stayed at weight ${weight_pct} % for ${watched_s.toFixed(1)} s`,
    limit: `weight ${weight_pct} % and no promotion`,
    measured: `${said.length} events about a primary scaled to zero`,
    evidence: [emptied.seq, ...(went ? [went.seq] : []), ...said.map(({ seq }) => seq)],
  };
});
