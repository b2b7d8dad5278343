import { MissingEvidence } from '../../missing-evidence.ts';
import { podsOfRelease } from '../../pods.ts';
import { rolloutSubject } from '../../endings.ts';
import { contractRule } from '../contract-rule.ts';
import { ACTS } from './acts.ts';
import { actAt, doneAt } from './analyses.ts';

/** Time that a changed map must have been watched for nothing to begin, in seconds. */
const WATCHED_S = 4;

/**
 * A changed map alone begins nothing; a pod template that names another map does; and after the rollback a pod of the
 * former release still finds the map that it names.
 */
export const a25 = contractRule('A25', (facts) => {
  const { spec, shipped, timeline } = facts;
  facts.requireObserver('kubernetes');
  const from = actAt(facts, ACTS.change_map);
  const to = doneAt(facts, ACTS.change_map);
  if (!from || !to) throw new MissingEvidence('no map was changed');
  const watched_s = (to.at - from.at) / 1000;
  if (watched_s < WATCHED_S)
    throw new MissingEvidence(`the changed map was watched for ${watched_s.toFixed(1)} s only`);
  const lost = actAt(facts, ACTS.pod_loss);
  if (!lost) throw new MissingEvidence('no pod of the former release was lost after the rollback');
  const objects = timeline.of('kubernetes', 'object');
  const begun = objects.find(
    ({ subject, at, data }) =>
      at > from.at &&
      at < shipped.at &&
      ((subject.startsWith(`Pod/${spec.namespace}/`) &&
        data.verb === 'added' &&
        data.fields['hash'] !== undefined) ||
        (subject === rolloutSubject(spec) && data.fields['canary'] !== data.fields['stable'])),
  );
  const started = facts.rollout_states.find(({ data }) => data.fields['canary'] !== data.fields['stable']);
  const stable = podsOfRelease(timeline, { namespace: spec.namespace, release: spec.stable_release });
  const back = [...stable.keys()].flatMap((subject) => {
    const states = objects.filter((record) => record.subject === subject);
    const made = states[0];
    const ready = states.find(({ data }) => data.fields['ready'] === true);
    return made && made.at > lost.at && ready ? [{ made, ready }] : [];
  })[0];
  const problem = begun
    ? `${begun.subject} changed after the map alone had`
    : !started
      ? 'the release that names another map did not start a rollout'
      : !back
        ? 'no pod of the former release came up after the rollback'
        : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `nothing began in ${watched_s.toFixed(1)} s; another name did; a pod of ${spec.stable_release} came up ${(((back?.ready.at ?? 0) - (back?.made.at ?? 0)) / 1000).toFixed(1)} s after it was made, after the rollback`,
    limit:
      'no pod and no new revision by the map alone; a pod of the former release ready after the rollback',
    measured: `${watched_s.toFixed(1)} s watched`,
    evidence: [
      from.seq,
      ...(begun ? [begun.seq] : []),
      ...(started ? [started.seq] : []),
      ...(back ? [back.ready.seq] : []),
    ],
  };
});
