import { ARGO_TICK_S, WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import {
  type ActSpan,
  actsOf,
  answersWithin,
  lastAt,
  numberOf,
  type ObjectRecord,
  seconds,
  setsOf,
  statesOf,
  withdrawnAt,
} from './course.ts';

/** A patch, the reconciliation that sees it, and the one that withdraws the traffic. */
export const ABORT_S = WITHDRAWAL_SLACK_S + ARGO_TICK_S;

interface Aborted {
  readonly name: string;
  readonly took_ms?: number;
  readonly problem?: string;
  readonly evidence: readonly number[];
}

/** Nothing was rolled out: what serves keeps its pods and all of the traffic. */
function idle(facts: Facts, act: ActSpan): Aborted {
  const sets = setsOf(facts, facts.argo.stable_release);
  const asked = numberOf(lastAt(sets, act.from), 'replicas');
  const fewer = sets.find(
    ({ at, data }) => at > act.from && at < act.until && Number(data.fields['replicas']) < asked,
  );
  return {
    name: act.name,
    evidence: [act.seq, ...(fewer ? [fewer.seq] : [])],
    ...(fewer
      ? { problem: `${act.name}: the stable pods went from ${asked} to ${numberOf(fewer, 'replicas')}` }
      : {}),
  };
}

function amid(facts: Facts, states: readonly ObjectRecord[], act: ActSpan): Aborted {
  const { next_release } = facts.argo;
  const aborted = states.find(
    ({ at, data }) =>
      at > act.from &&
      at < act.until &&
      data.fields['aborted'] === true &&
      data.fields['phase'] === 'Degraded',
  );
  const watched = `${act.name}: not aborted in the ${seconds(act.until - act.done)} s until the next act`;
  if (!aborted) return { name: act.name, problem: watched, evidence: [act.seq] };
  const zero = withdrawnAt(facts, act.from);
  const evidence = [act.seq, aborted.seq, ...(zero ? [zero.seq] : [])];
  if (!zero || zero.at > act.until)
    return { name: act.name, problem: `${act.name}: the traffic was never withdrawn`, evidence };
  const took_ms = Math.max(zero.at, aborted.at) - act.from;
  const late = answersWithin(facts, next_release, {
    from: zero.at + WITHDRAWAL_SLACK_S * 1000,
    to: act.until,
  });
  const problem =
    took_ms > ABORT_S * 1000
      ? `${act.name}: the traffic left after ${seconds(took_ms)} s`
      : late > 0
        ? `${act.name}: ${late} answers came from ${next_release} after the traffic had left`
        : undefined;
  return { name: act.name, took_ms, evidence, ...(problem === undefined ? {} : { problem }) };
}

/** Each act whose name begins with `abort`, by the state that the Rollout was in. */
export const a12 = contractRule('A12', (facts) => {
  facts.requireObserver('gateway');
  const states = statesOf(facts);
  const found = actsOf(facts, /^abort/).map((act) => {
    const before = lastAt(states, act.from)?.data.fields;
    return before?.['stable'] === before?.['canary'] ? idle(facts, act) : amid(facts, states, act);
  });
  const problem = found.find((one) => one.problem !== undefined)?.problem;
  const worst_ms = Math.max(0, ...found.map((one) => one.took_ms ?? 0));
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      found
        .map(({ name, took_ms }) =>
          took_ms === undefined ? `${name}: nothing changed` : `${name}: ${seconds(took_ms)} s`,
        )
        .join(', '),
    limit: `aborted and without traffic ${atMost(ABORT_S, 's')}`,
    measured: `${seconds(worst_ms)} s at the most`,
    derivation: `${ARGO_TICK_S} s for two reconciliations + ${WITHDRAWAL_SLACK_S} s for the data plane`,
    evidence: found.flatMap((one) => one.evidence),
  };
});
