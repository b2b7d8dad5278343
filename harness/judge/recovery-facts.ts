import type { RecoveryExpectation, RecoveryStepData } from '#harness/core/recovery.ts';
import type { EpochMs, RecordOf, Timeline } from '#harness/core/timeline.ts';
import type { Facts } from './facts.ts';
import { MissingEvidence } from './missing-evidence.ts';

/** What `loses` says where the whole cluster is lost. */
export const WHOLE_CLUSTER = 'cluster';

/** A step of a recovery, from its beginning to its end. */
export interface StepSpan {
  readonly name: string;
  readonly from: EpochMs;
  /** Absent for one that never ended. */
  readonly to?: EpochMs;
  readonly state: RecoveryStepData['state'];
  readonly note: string;
  readonly seqs: readonly number[];
}

/** The steps that were taken, in the order in which they began. One that was tried again is as its last attempt was. */
export function stepSpans(timeline: Timeline): readonly StepSpan[] {
  const steps = Map.groupBy(timeline.of('recovery', 'step'), ({ subject }) => subject);
  return [...steps]
    .flatMap(([name, records]): StepSpan[] => {
      const [first] = records;
      const last = records.at(-1);
      if (!first || !last) return [];
      const { state, note } = last.data;
      const span = { name, from: first.at, state, note, seqs: records.map(({ seq }) => seq) };
      return [state === 'started' ? span : { ...span, to: last.at }];
    })
    .sort((left, right) => left.from - right.from);
}

/** Time in which nobody got a good answer, by the clock of the load. */
export interface Outage {
  /** The last good answer before it. */
  readonly last_good_at: EpochMs;
  /** The first one after it; absent where none came. */
  readonly first_good_at?: EpochMs;
  readonly seqs: readonly number[];
}

const good = ({ data }: RecordOf<'load', 'second'>) => data.series.filter(({ bad }) => !bad);

const isGood = (second: RecordOf<'load', 'second'>): boolean => good(second).length > 0;

/**
 * The first time after the loss in which not one answer of a whole second was good. Undefined where there was no such
 * second: a part was lost that clients can do without.
 */
export function outageOf(facts: Facts, destroyed_at: EpochMs): Outage | undefined {
  const { seconds } = facts;
  const first = seconds.findIndex((second) => second.data.from >= destroyed_at - 1000 && !isGood(second));
  if (first === -1) return undefined;
  const before = seconds.slice(0, first).findLast(isGood);
  if (!before) throw new MissingEvidence('no good answer was measured before the loss');
  const after = seconds.slice(first).find(isGood);
  const last_good_at = Math.max(...good(before).map(({ last_at }) => last_at));
  const seqs = [before.seq, ...(after ? [after.seq] : [])];
  if (!after) return { last_good_at, seqs };
  return { last_good_at, first_good_at: Math.min(...good(after).map(({ first_at }) => first_at)), seqs };
}

/** What every rule of a recovery begins from. */
export interface RecoveryFacts {
  readonly expectation: RecoveryExpectation;
  readonly destroyed: RecordOf<'recovery', 'destroyed'>;
  readonly outage: Outage | undefined;
  /** The record that says whether the service was steady again; absent where nobody looked. */
  readonly steady: RecordOf<'harness', 'steady_state'> | undefined;
  readonly steps: readonly StepSpan[];
}

/** @throws MissingEvidence when nothing was declared, lost, or measured */
export function recoveryFacts(facts: Facts): RecoveryFacts {
  const expectation = facts.expectation('recovery');
  const [destroyed] = facts.timeline.of('recovery', 'destroyed');
  if (!destroyed) throw new MissingEvidence('nothing was destroyed');
  const steady = facts.timeline
    .of('harness', 'steady_state')
    .findLast(({ at, data }) => data.moment === 'after' && at >= destroyed.at);
  return {
    expectation,
    destroyed,
    outage: outageOf(facts, destroyed.at),
    steady,
    steps: stepSpans(facts.timeline),
  };
}

/** How many of a list a reason names; the rest is in the verdict's items. */
const NAMED_MAX = 5;

/** The first of a list, and how many more there are. */
export function someOf(items: readonly string[]): string {
  const more = items.length - NAMED_MAX;
  return `${items.slice(0, NAMED_MAX).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
