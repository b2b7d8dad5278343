import { ARGO_TICK_S, WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import {
  type ActSpan,
  actsOf,
  lastAt,
  numberOf,
  type ObjectRecord,
  seconds,
  setsOf,
  statesOf,
  withdrawnAt,
} from './course.ts';

/** Delay where none is set, in seconds (utils/defaults/defaults.go, DefaultAbortScaleDownDelaySeconds). */
const DEFAULT_S = 30;

/** Fewest seconds of watching after which pods that stay are taken to stay for ever. */
const WATCHED_S = 7;

/** A deadline has whole seconds, and two reconciliations act on it. */
const EARLY_S = ARGO_TICK_S;
const LATE_S = 2 * ARGO_TICK_S + WITHDRAWAL_SLACK_S;

interface Kept {
  readonly says: string;
  readonly problem: boolean;
  readonly evidence: readonly number[];
}

/** The delay that held when an abort was asked for; undefined where the pods are to stay for ever. */
function delayAt(states: readonly ObjectRecord[], act: ActSpan): number | undefined {
  const set = lastAt(states, act.from)?.data.fields['abort_delay_s'];
  if (set === undefined) return DEFAULT_S;
  return Number(set) === 0 ? undefined : Number(set);
}

/** What became of the pods of a release that had some when it was given up. */
function keptAfter(facts: Facts, states: readonly ObjectRecord[], act: ActSpan): Kept | undefined {
  const sets = setsOf(facts, facts.argo.next_release);
  const had = lastAt(sets, act.done);
  if (numberOf(had, 'replicas') === 0) return undefined;
  const zero = withdrawnAt(facts, act.from);
  const gone = sets.find(
    ({ at, data }) => at > act.from && at <= act.until && Number(data.fields['replicas']) === 0,
  );
  const evidence = [act.seq, ...(zero ? [zero.seq] : []), ...(gone ? [gone.seq] : [])];
  const delay_s = delayAt(states, act);
  const watched_s = (act.until - act.done) / 1000;
  const say = (text: string, problem: boolean): Kept => ({ says: `${act.name}: ${text}`, problem, evidence });
  if (delay_s === undefined) {
    if (gone) return say(`scaled down after ${seconds(gone.at - act.from)} s, which must never be`, true);
    if (watched_s < WATCHED_S)
      throw new MissingEvidence(`${act.name} was watched for ${watched_s.toFixed(1)} s only`);
    return say(`kept for the ${watched_s.toFixed(1)} s that it was watched`, false);
  }
  if (!gone) {
    if (watched_s < delay_s + LATE_S)
      throw new MissingEvidence(`${act.name} was watched for ${watched_s.toFixed(1)} s only`);
    return say(`not scaled down in ${watched_s.toFixed(1)} s`, true);
  }
  if (!zero || gone.at < zero.at) return say('scaled down before the traffic had left', true);
  const took_s = (gone.at - act.from) / 1000;
  const wrong = took_s < delay_s - EARLY_S || took_s > delay_s + LATE_S;
  return say(`${took_s.toFixed(1)} s of ${delay_s} s`, wrong);
}

/** For each act whose name begins with `abort`: how long the ReplicaSet of the release was kept. */
export const a13 = contractRule('A13', (facts) => {
  facts.requireObserver('gateway');
  const states = statesOf(facts);
  const kept = actsOf(facts, /^abort/)
    .map((act) => keptAfter(facts, states, act))
    .filter((one) => one !== undefined);
  if (kept.length === 0) throw new MissingEvidence('no release with pods was given up');
  const problem = kept.find((one) => one.problem);
  const all = kept.map((one) => one.says).join(', ');
  return {
    outcome: problem ? 'fail' : 'pass',
    reason: problem?.says ?? all,
    limit: `the delay that is set, ${EARLY_S} s less or ${LATE_S} s more, and never before the traffic has left`,
    measured: all,
    derivation: 'the deadline is kept in whole seconds and met by the reconciliation after it',
    evidence: kept.flatMap((one) => one.evidence),
  };
});
