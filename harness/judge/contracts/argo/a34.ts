import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { actsOf, lastAt, statesOf } from './course.ts';

/** From whatever it selected to the stable pods. */
const CHANGES_MAX = 1;

/** How often the canary Service was pointed elsewhere after each act whose name begins with `abort`. */
export const a34 = contractRule('A34', (facts) => {
  const { namespace, app } = facts.argo;
  const states = statesOf(facts);
  const subject = `Service/${namespace}/${app}-canary`;
  const service = facts.timeline.of('kubernetes', 'object').filter((record) => record.subject === subject);
  const found = actsOf(facts, /^abort/).flatMap((act) => {
    const aborted = states.find(
      ({ at, data }) => at > act.from && at < act.until && data.fields['aborted'] === true,
    );
    if (!aborted) return [];
    let selects = lastAt(service, aborted.at)?.data.fields['selects'];
    const changes = service.filter(({ at, data }) => {
      if (at <= aborted.at || at >= act.until || data.fields['selects'] === selects) return false;
      selects = data.fields['selects'];
      return true;
    });
    const ends_well = selects === aborted.data.fields['stable'];
    return [{ act, changes, ends_well, watched_s: (act.until - aborted.at) / 1000 }];
  });
  if (found.length === 0) throw new MissingEvidence('nothing was aborted');
  const worst = found.reduce((left, right) => (right.changes.length > left.changes.length ? right : left));
  const holds = worst.changes.length <= CHANGES_MAX && found.every(({ ends_well }) => ends_well);
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: `${worst.act.name}: the canary Service was pointed elsewhere ${worst.changes.length} times in ${worst.watched_s.toFixed(1)} s${worst.ends_well ? '' : ', and not at the stable pods in the end'}`,
    limit: `<= ${CHANGES_MAX} change, to the stable pods`,
    measured: `${worst.changes.length} changes`,
    evidence: [worst.act.seq, ...worst.changes.map(({ seq }) => seq)],
  };
});
