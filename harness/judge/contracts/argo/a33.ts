import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { actsOf, analysesOf, numberOf, type ObjectRecord, seconds, statesOf } from './course.ts';

interface Part {
  readonly says: string;
  readonly problem: boolean;
  readonly evidence: readonly number[];
}

/** The longest pause, where it is longer than the deadline that held then. */
function longPause(states: readonly ObjectRecord[]): Part | undefined {
  let begun: ObjectRecord | undefined;
  let longest:
    | { readonly begun: ObjectRecord; readonly ended: ObjectRecord; readonly lasted_ms: number }
    | undefined;
  for (const state of states) {
    if (state.data.fields['phase'] === 'Paused') {
      begun ??= state;
      continue;
    }
    if (begun && state.at - begun.at > (longest?.lasted_ms ?? 0))
      longest = { begun, ended: state, lasted_ms: state.at - begun.at };
    begun = undefined;
  }
  if (!longest) return undefined;
  const deadline_s = numberOf(longest.begun, 'progress_deadline_s');
  if (deadline_s === 0 || longest.lasted_ms <= deadline_s * 1000) return undefined;
  const { fields } = longest.ended.data;
  const stuck = fields['phase'] === 'Degraded' || fields['aborted'] === true;
  return {
    says: `paused for ${seconds(longest.lasted_ms)} s of a deadline of ${deadline_s} s, then ${String(fields['phase'])}`,
    problem: stuck,
    evidence: [longest.begun.seq, longest.ended.seq],
  };
}

/** What came of the act `promote full`, until something else was shipped. */
function fullPromotion(facts: Facts, states: readonly ObjectRecord[]): Part | undefined {
  const asked = facts.timeline.of('harness', 'phase').some(({ subject }) => subject === 'promote full');
  const act = asked ? actsOf(facts, /^promote full$/)[0] : undefined;
  if (!act) return undefined;
  const later = states.filter(({ at }) => at > act.done && at < act.until);
  const before = states.findLast(({ at }) => at <= act.from);
  const held_pct = numberOf(before, 'weight_pct');
  // The pause that it was in lasts until the controller has seen what is asked for.
  const held_step = numberOf(before, 'step');
  const on_the_way = later.find(
    ({ data: { fields } }) =>
      (fields['phase'] === 'Paused' && fields['step'] !== held_step) ||
      ![0, held_pct, 100].includes(Number(fields['weight_pct'])),
  );
  const measured = analysesOf(facts).find(({ at }) => at > act.from && at < act.until);
  const stable = later.find(({ data }) => data.fields['stable'] === before?.data.fields['canary']);
  const evidence = [act.seq, ...[on_the_way, measured, stable].flatMap((one) => (one ? [one.seq] : []))];
  if (!stable) return { says: 'never stable after the full promotion', problem: true, evidence };
  const took = `fully promoted from ${held_pct} % in ${seconds(stable.at - act.from)} s`;
  if (on_the_way) {
    const where = `${String(on_the_way.data.fields['phase'])} at ${numberOf(on_the_way, 'weight_pct')} %`;
    return { says: `${took}, but ${where} on the way`, problem: true, evidence };
  }
  if (measured) return { says: `${took}, but ${measured.subject} was made`, problem: true, evidence };
  return { says: took, problem: false, evidence };
}

/** Either part is judged where the run has it. */
export const a33 = contractRule('A33', (facts) => {
  const states = statesOf(facts);
  const parts = [longPause(states), fullPromotion(facts, states)].filter((part) => part !== undefined);
  if (parts.length === 0)
    throw new MissingEvidence('no pause outlasted the deadline, and nothing was promoted in full');
  const problem = parts.find((part) => part.problem);
  const says = parts.map((part) => part.says).join('; ');
  return {
    outcome: problem ? 'fail' : 'pass',
    reason: problem?.says ?? says,
    limit: 'never Degraded by a pause; no pause, weight or analysis after a full promotion',
    measured: says,
    evidence: parts.flatMap((part) => part.evidence),
  };
});
