import type { RecordOf } from '#harness/core/timeline.ts';
import { ARGO_TICK_S, WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { actsOf, lastAt, numberOf, type ObjectRecord, setsOf, statesOf } from './course.ts';

/**
 * A release makes its last progress when its pods were made, within two seconds; the check that finds it late is queued
 * a second after the deadline, and times are whole seconds (rollout/sync.go, checkRolloutStuck).
 */
const LATE_S = WITHDRAWAL_SLACK_S + 3 * ARGO_TICK_S;

interface Outcome {
  readonly says: string;
  readonly problem: boolean;
  readonly evidence: readonly number[];
}

/** From a deadline to its effect; text and judgement alike. */
function within(what: string, took_s: number, deadline_s: number): { says: string; problem: boolean } {
  const problem = took_s < deadline_s - ARGO_TICK_S || took_s > deadline_s + LATE_S;
  return { says: `${what} after ${took_s.toFixed(1)} s`, problem };
}

function stuck(
  facts: Facts,
  shipped: RecordOf<'release', 'shipped'>,
  states: readonly ObjectRecord[],
): Outcome {
  const { release } = shipped.data;
  const deadline_s = numberOf(states[0], 'progress_deadline_s');
  const marked = states.find(({ data }) => data.fields['phase'] === 'Degraded');
  const aborted = states.find(({ data }) => data.fields['aborted'] === true);
  const evidence = [shipped.seq, ...(marked ? [marked.seq] : []), ...(aborted ? [aborted.seq] : [])];
  if (!marked) return { says: `${release} was never marked`, problem: true, evidence };
  const aborts = marked.data.fields['deadline_aborts'] === true;
  if (aborts) {
    if (!aborted) return { says: `${release} was never aborted`, problem: true, evidence };
    const timed = within('aborted', (aborted.at - shipped.at) / 1000, deadline_s);
    return { says: `${release} ${timed.says}`, problem: timed.problem, evidence };
  }
  const timed = within('marked', (marked.at - shipped.at) / 1000, deadline_s);
  const asked = facts.timeline.of('harness', 'phase').some(({ subject }) => subject === 'allow abort');
  const allowed = asked ? actsOf(facts, /^allow abort$/)[0] : undefined;
  if (!allowed) {
    const unasked = aborted ? ', and aborted unasked' : '';
    return { says: `${release} ${timed.says}${unasked}`, problem: timed.problem || unasked !== '', evidence };
  }
  if (!aborted) return { says: `${release} ${timed.says}, and never aborted`, problem: true, evidence };
  const early = aborted.at < allowed.from;
  const took_s = (aborted.at - allowed.from) / 1000;
  return {
    says: `${release} ${timed.says}, ${early ? 'and aborted unasked' : `aborted ${took_s.toFixed(1)} s after it was asked for`}`,
    problem: timed.problem || early || took_s > LATE_S,
    evidence,
  };
}

/** Each release that was shipped: one without a pod that is ever available is stuck, any other must not be touched. */
export const a11 = contractRule('A11', (facts) => {
  const all = statesOf(facts);
  const shipments = facts.timeline.of('release', 'shipped');
  const found = shipments.map((shipped, index): Outcome & { readonly stuck: boolean } => {
    const { release } = shipped.data;
    const sets = setsOf(facts, release);
    const hash = sets[0]?.data.fields['hash'];
    const until = shipments[index + 1]?.seq ?? Number.POSITIVE_INFINITY;
    const states = all.filter(
      ({ seq, data }) => seq > shipped.seq && seq < until && data.fields['canary'] === hash,
    );
    if (states.length === 0)
      throw new MissingEvidence(`the Rollout was not observed with release ${release}`);
    if (!sets.some((set) => numberOf(set, 'available') > 0))
      return { ...stuck(facts, shipped, states), stuck: true };
    const hurt = states.find(
      ({ data }) => data.fields['aborted'] === true || data.fields['phase'] === 'Degraded',
    );
    const last = lastAt(states, Number.POSITIVE_INFINITY);
    const stable = last?.data.fields['stable'] === hash;
    return {
      says: hurt
        ? `${release} was good and ${String(hurt.data.fields['message'])}`
        : `${release} was promoted`,
      problem: hurt !== undefined || !stable,
      evidence: [shipped.seq, ...(hurt ? [hurt.seq] : [])],
      stuck: false,
    };
  });
  if (!found.some((one) => one.stuck)) throw new MissingEvidence('no release was stuck');
  const problem = found.find((one) => one.problem);
  const says = found.map((one) => one.says).join('; ');
  return {
    outcome: problem ? 'fail' : 'pass',
    reason: problem?.says ?? says,
    limit: `marked or aborted between ${ARGO_TICK_S} s before and ${LATE_S} s after the deadline, nothing else`,
    measured: says,
    derivation: 'the deadline runs from the last progress, and is checked a second after it has passed',
    evidence: found.flatMap((one) => one.evidence),
  };
});
