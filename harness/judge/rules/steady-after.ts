import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** The service came back to its steady state after the act, within the time that the scenario waited for it. */
export const steadyAfter = rule('steady-after', 'the service is steady again afterwards', (facts) => {
  const states = facts.timeline
    .of('harness', 'steady_state')
    .filter((record) => record.data.moment === 'after');
  const last = states.at(-1);
  if (!last) throw new MissingEvidence('nobody looked whether the service was steady afterwards');
  return {
    outcome: last.data.held ? 'pass' : 'fail',
    reason: last.data.held ? last.data.reason : `it was not: ${last.data.reason}`,
    limit: 'steady state held',
    measured: last.data.held ? 'held' : 'did not hold',
    evidence: [last.seq],
  };
});
