import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** The primary's pods outlive the deletion of their Canary for as long as the target has no ready pods of its own. */
export const f33 = contractRule('F33', (facts) => {
  const { namespace, app } = facts.flagger;
  facts.requireObserver('kubernetes');
  const terminating = facts.rollout_states.find(
    ({ data }) => data.fields.phase === 'Terminating' || data.verb === 'deleted',
  );
  if (!terminating) throw new MissingEvidence('the Canary was never asked to go');
  // From the end of the load on the scenario itself lets go what is still held.
  const until =
    facts.timeline
      .of('harness', 'phase')
      .find(({ subject, data }) => subject === 'end of load' && data.state === 'started')?.at ??
    facts.load_end;
  const after = facts.timeline
    .of('kubernetes', 'object')
    .filter(({ at }) => at >= terminating.at && at <= until);
  const ready = after.find(
    ({ subject, data: { fields } }) =>
      subject === `Deployment/${namespace}/${app}` &&
      Number(fields.replicas) > 0 &&
      Number(fields.ready) >= Number(fields.replicas),
  );
  const gone = after.find(
    ({ subject, data }) =>
      data.verb === 'deleted' &&
      (subject === `Deployment/${namespace}/${app}-primary` || subject === `Canary/${namespace}/${app}`),
  );
  const bad = facts
    .series((series) => series.bad)
    .filter(({ series }) => series.last_at >= terminating.at)
    .reduce((sum, { series }) => sum + series.count, 0);
  const early = gone !== undefined && !(ready && ready.at <= gone.at);
  const since_s = (at: number): string => ((at - terminating.at) / 1000).toFixed(1);
  return {
    outcome: early || bad > 0 ? 'fail' : 'pass',
    reason: `${
      gone === undefined
        ? `the Canary and its primary were still there after ${since_s(until)} s`
        : `${gone.subject} went ${since_s(gone.at)} s after the deletion, ${early ? 'with no ready pods of the target' : 'after the target was ready'}`
    }; ${bad} bad answers since`,
    limit: 'the primary goes only once the target is ready, 0 bad answers',
    measured: `${bad} bad answers`,
    evidence: [terminating.seq, ...(gone ? [gone.seq] : []), ...(ready ? [ready.seq] : [])],
  };
});
