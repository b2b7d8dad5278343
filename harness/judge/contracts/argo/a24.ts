import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { numberOf, setsOf, statesOf } from './course.ts';

/** Fewest times that the same commit was looked at again after the rollback. */
const SYNCS_MIN = 1;

/** Commits after the rollback, and what later applications of the same commit did to the release that was given up. */
export const a24 = contractRule('A24', (facts) => {
  const { next_release } = facts.argo;
  facts.requireObserver('flux');
  const states = statesOf(facts);
  const aborted = facts.endState('rollback');
  if (!aborted) throw new MissingEvidence('the release was never given up');
  const commits = facts.timeline.of('git', 'commit');
  const late = commits.filter(({ at }) => at > aborted.at);
  // The act asks for a sync and waits until the controller says that it has applied what it fetched.
  const syncs = facts.timeline
    .of('harness', 'phase')
    .filter(
      ({ subject, data, at }) => subject.startsWith('sync') && data.state === 'done' && at > aborted.at,
    );
  if (syncs.length < SYNCS_MIN) throw new MissingEvidence('nothing was synced again after the rollback');
  const last_sync = syncs.at(-1)?.at ?? 0;
  const anew = states.find(({ at, data }) => at > aborted.at && data.fields['aborted'] !== true);
  const grown = setsOf(facts, next_release).find((set, index, all) => {
    const before = all[index - 1];
    return (
      set.at > aborted.at && before !== undefined && numberOf(set, 'replicas') > numberOf(before, 'replicas')
    );
  });
  const watched_s = (facts.load_end - last_sync) / 1000;
  const problem =
    late.length > 0
      ? `${late.length} commits were pushed after the rollback: ${late[0]?.data.message ?? ''}`
      : anew
        ? `the Rollout was ${String(anew.data.fields['phase'])} again ${((anew.at - aborted.at) / 1000).toFixed(1)} s after the rollback`
        : grown
          ? `${numberOf(grown, 'replicas')} pods of ${next_release} were asked for again`
          : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `still aborted ${watched_s.toFixed(1)} s after the last of ${syncs.length} syncs, ${commits.length} commits, all ours`,
    limit: `0 commits, 0 pods of ${next_release} after ${SYNCS_MIN} sync or more`,
    measured: `${late.length} commits, ${syncs.length} syncs`,
    evidence: [
      aborted.seq,
      ...syncs.map(({ seq }) => seq),
      ...[anew, grown].flatMap((one) => (one ? [one.seq] : [])),
    ],
  };
});
