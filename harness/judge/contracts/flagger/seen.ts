import type { AnswerSeries, EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import type { Finding } from '../../rule.ts';

export type ObjectRecord = RecordOf<'kubernetes', 'object'>;
export type WeightRecord = RecordOf<'gateway', 'weight'>;

/** Longest time from a decision of Flagger's to its record, in ms: watches, and requests under way. */
export const RECORDED_MS = 1_000;

/** Declared weights from a record on, changes only. @throws MissingEvidence when none was observed */
export function declaredFrom(facts: Facts, seq: number): readonly WeightRecord[] {
  facts.requireObserver('gateway');
  const declared = facts.timeline.of('gateway', 'weight').filter(({ data }) => data.read_from !== 'live');
  if (declared.length === 0) throw new MissingEvidence('no declared weight was observed at the gateway');
  return declared.filter((record) => record.seq > seq);
}

/** The weight that was declared at a time, in percent of the canary; 0 before the first record. */
export function declaredAt(facts: Facts, at: EpochMs): number {
  return declaredFrom(facts, -1).findLast((record) => record.at <= at)?.data.canary_pct ?? 0;
}

/** When an act of the scenario was done. @throws MissingEvidence when it never was */
export function actDone(facts: Facts, name: string): RecordOf<'harness', 'phase'> {
  const done = facts.timeline
    .of('harness', 'phase')
    .find(({ subject, data }) => subject === name && data.state === 'done');
  if (!done) throw new MissingEvidence(`the act "${name}" was never carried out`);
  return done;
}

/** When an act of the scenario began. @throws MissingEvidence when it never did */
export function actBegan(facts: Facts, name: string): RecordOf<'harness', 'phase'> {
  const began = facts.timeline
    .of('harness', 'phase')
    .find(({ subject, data }) => subject === name && data.state === 'started');
  if (!began) throw new MissingEvidence(`the act "${name}" never began`);
  return began;
}

/** States of one object of the run's namespace, in order; `Deployment/shop-primary`. */
export function objectStates(facts: Facts, kind_and_name: string): readonly ObjectRecord[] {
  const { namespace } = facts.spec;
  const [kind, name] = kind_and_name.split('/');
  const subject = `${kind ?? ''}/${namespace}/${name ?? ''}`;
  return facts.timeline.of('kubernetes', 'object').filter((record) => record.subject === subject);
}

/** The state that an object was in at a time. */
export function stateAt(states: readonly ObjectRecord[], at: EpochMs): ObjectRecord | undefined {
  return states.findLast((record) => record.at <= at);
}

/** Answers of the seconds that lie wholly within a span, that satisfy the condition. */
export function answersWithin(
  facts: Facts,
  { from, to }: { readonly from: EpochMs; readonly to: EpochMs },
  condition: (series: AnswerSeries) => boolean = () => true,
): number {
  return facts.seconds
    .filter((second) => second.data.from >= from && second.at <= to)
    .flatMap((second) => second.data.series.filter(condition))
    .reduce((sum, { count }) => sum + count, 0);
}

/** Something that a contract does not allow, and the records that show it. */
export interface Breach {
  readonly reason: string;
  readonly evidence: readonly number[];
}

/** The finding of a contract whose breaches were looked for one by one: none must have been found. */
export function unlessBroken(
  breaches: readonly (Breach | undefined)[],
  kept: Omit<Finding, 'outcome'>,
): Finding {
  const found = breaches.filter((one) => one !== undefined);
  if (found.length === 0) return { outcome: 'pass', ...kept };
  return {
    ...kept,
    outcome: 'fail',
    reason: found.map(({ reason }) => reason).join('; '),
    evidence: found.flatMap(({ evidence }) => evidence),
  };
}
