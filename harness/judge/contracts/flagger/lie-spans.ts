import { METRIC_LIES } from '#harness/core/metric-lies.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';

/** Time over which a check answered in one way. */
export interface LieSpan {
  readonly name: string;
  readonly from: EpochMs;
  /** When the next answer was asked for, or the load ended. */
  readonly to: EpochMs;
  readonly seq: number;
}

/** What the Canary did meanwhile. */
export interface Meanwhile {
  /** Checks that had failed by then. */
  readonly failed_before: number;
  /** Checks that were counted as failed. */
  readonly failed: number;
  /** True when the weight grew or the release was promoted. */
  readonly advanced: boolean;
  readonly events: readonly RecordOf<'kubernetes', 'event'>[];
}

/** How much later than the state that it explains an event may arrive, in ms; two looks are ten times as far apart. */
const EVENT_LATE_MS = 1_000;

const NAMES: readonly string[] = Object.values(METRIC_LIES);
const PROMOTED: ReadonlySet<string> = new Set(['Promoting', 'Finalising', 'Succeeded']);

/** The spans of the run in their order. @throws MissingEvidence when one of the given answers was never given */
export function lieSpans(facts: Facts, needed: readonly string[]): readonly LieSpan[] {
  const phases = facts.timeline.of('harness', 'phase').filter(({ subject }) => NAMES.includes(subject));
  const done = phases.filter(({ data }) => data.state === 'done');
  const missing = needed.find((name) => !done.some(({ subject }) => subject === name));
  if (missing !== undefined) throw new MissingEvidence(`it never came to this: ${missing}`);
  return done.map(({ subject: name, at: from, seq }) => ({
    name,
    from,
    to: phases.find((next) => next.seq > seq && next.data.state === 'started')?.at ?? facts.load_end,
    seq,
  }));
}

/** What the Canary did in a span: by its states, and by what the controller said. */
export function meanwhile(facts: Facts, { from, to }: Pick<LieSpan, 'from' | 'to'>): Meanwhile {
  const states = facts.rollout_states;
  const before = states.findLast(({ at }) => at <= from)?.data.fields;
  if (before === undefined)
    throw new MissingEvidence('the Canary was not observed before its check was changed');
  const within = states.filter(({ at }) => at > from && at <= to).map(({ data }) => data.fields);
  const highest = Math.max(0, ...within.map(({ failed_checks }) => Number(failed_checks)));
  const failed_before = Number(before['failed_checks']);
  return {
    failed_before,
    failed: Math.max(0, highest - failed_before),
    advanced: within.some(
      ({ weight_pct, phase }) =>
        Number(weight_pct) > Number(before['weight_pct']) || PROMOTED.has(String(phase)),
    ),
    events: facts.rollout_events.filter(({ at }) => at > from && at <= to + EVENT_LATE_MS),
  };
}
