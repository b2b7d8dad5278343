import type { EpochMs, RecordOf, Timeline } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { atMost, type Rule, rule } from '../rule.ts';

type WeightRecord = RecordOf<'gateway', 'weight'>;

/** Shares that differ by less are the same: some gateways round to whole numbers of a hundred. */
const SAME_PP = 0.51;

/** A value that held over a span of time; a live one may have come up to `unsure_ms` before `from`. */
interface Held {
  readonly record: WeightRecord;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly unsure_ms: number;
}

function heldBy(records: readonly WeightRecord[], end: EpochMs): readonly Held[] {
  return records.map((record, index) => ({
    record,
    from: record.at,
    to: records[index + 1]?.at ?? end,
    unsure_ms: record.clock_error_ms ?? 0,
  }));
}

function same({ data: left }: WeightRecord, { data: right }: WeightRecord): boolean {
  return (
    Math.abs(left.canary_pct - right.canary_pct) < SAME_PP &&
    Math.abs(left.primary_pct - right.primary_pct) < SAME_PP
  );
}

function say({ data }: WeightRecord): string {
  const nothing = data.primary_pct === 0 && data.canary_pct === 0;
  return nothing ? 'no route to either release' : `${Number(data.canary_pct.toFixed(2))} %`;
}

interface Problem {
  readonly reason: string;
  readonly evidence: readonly number[];
}

/** One process of the data plane against what was declared. */
interface Compared {
  /** When the slowest change was seen live, in ms after it was declared: the gap between two readings included. */
  readonly slowest_ms: number;
  readonly problem?: Problem;
}

/** Each declared split that stood for longer than the bound was live in time, and stayed until the next. */
function followed(
  subject: string,
  declared: readonly Held[],
  live: readonly Held[],
  follow_ms: number,
): Compared {
  let slowest_ms = 0;
  for (const [index, wanted] of declared.entries()) {
    const seen = live.find((one) => one.to > wanted.from && same(one.record, wanted.record));
    // A reading tells of a change that came since the one before: the time between is not the data plane's.
    const took_ms = seen ? Math.max(0, seen.from - seen.unsure_ms - wanted.from) : Number.POSITIVE_INFINITY;
    const stood_ms = wanted.to - wanted.from;
    // What was live before the first look at the objects says nothing about speed.
    if (took_ms <= follow_ms)
      slowest_ms = index === 0 || !seen ? slowest_ms : Math.max(slowest_ms, seen.from - wanted.from);
    else if (stood_ms > follow_ms + (seen?.unsure_ms ?? 0)) {
      const when =
        seen && seen.from < wanted.to ? `only ${(took_ms / 1000).toFixed(2)} s later` : 'not at all';
      return {
        slowest_ms,
        problem: {
          reason: `${say(wanted.record)} was declared and came live in ${subject} ${when}`,
          evidence: [wanted.record.seq, ...(seen ? [seen.record.seq] : [])],
        },
      };
    }
  }
  return { slowest_ms };
}

/** No split is live that was not declared at that time, or within the bound before it. */
function unasked(
  subject: string,
  declared: readonly Held[],
  live: readonly Held[],
  follow_ms: number,
): Problem | undefined {
  const first = declared[0];
  for (const one of live) {
    // What was live before the first look at the objects cannot be judged.
    if (first === undefined || one.to <= first.from + follow_ms) continue;
    const allowed = declared.some(
      (wanted) =>
        same(wanted.record, one.record) &&
        wanted.from <= one.from &&
        wanted.to + follow_ms >= one.from - one.unsure_ms,
    );
    if (allowed) continue;
    return {
      reason: `${say(one.record)} was live in ${subject} and nobody had declared it`,
      evidence: [one.record.seq],
    };
  }
  return undefined;
}

function subjectsOf(records: readonly WeightRecord[]): readonly string[] {
  return [...new Set(records.map(({ subject }) => subject))];
}

function boundOf(facts: Facts): RecordOf<'gateway', 'bound'> {
  const bound = facts.timeline.of('gateway', 'bound')[0];
  if (!bound) throw new MissingEvidence('nobody said how soon the data plane must follow');
  return bound;
}

/**
 * The live configuration of the data plane follows the declared one: each declared split is live within the gateway's own
 * bound, in each of its processes, and no split is live that was never declared.
 */
export const routesAgree = rule(
  'routes-agree',
  'what the data plane serves is what was declared, and nothing else',
  (facts) => {
    facts.requireObserver('gateway');
    facts.requireObserver('gateway-live');
    const bound = boundOf(facts);
    const { follow_ms, gateway, derivation } = bound.data;
    const weights = facts.timeline.of('gateway', 'weight');
    const of = (from: 'object' | 'live'): readonly WeightRecord[] =>
      weights.filter(({ data }) => (data.read_from ?? 'object') === from);
    const end = facts.load_end;
    const declared = heldBy(of('object'), end);
    if (declared.length === 0) throw new MissingEvidence('no declared weight was observed at the gateway');
    const live = of('live');
    if (live.length === 0) throw new MissingEvidence(`the live configuration of ${gateway} was never read`);
    const compared = subjectsOf(live).map((subject) => {
      const own = heldBy(
        live.filter((record) => record.subject === subject),
        end,
      );
      const found = followed(subject, declared, own, follow_ms);
      return found.problem ? found : { ...found, problem: unasked(subject, declared, own, follow_ms) };
    });
    const problem = compared.find((one) => one.problem)?.problem;
    const slowest_ms = Math.max(...compared.map((one) => one.slowest_ms));
    return {
      outcome: problem ? 'fail' : 'pass',
      reason:
        problem?.reason ??
        `${declared.length} declared splits, each live in ${compared.length} ${compared.length === 1 ? 'process' : 'processes'} of ${gateway}, the slowest seen after ${slowest_ms.toFixed(0)} ms`,
      limit: atMost(follow_ms / 1000, 's', 2),
      measured: `${(slowest_ms / 1000).toFixed(2)} s`,
      derivation: `${derivation}; the gap between two readings comes on top`,
      evidence: [bound.seq, ...(problem?.evidence ?? live.map(({ seq }) => seq))],
    };
  },
);

/**
 * The rules of a run, and this one where the run looked at the data plane: a recording from before Mettle did cannot say
 * anything about it.
 */
export function withRoutes(rules: readonly Rule[], timeline: Timeline): readonly Rule[] {
  return timeline.of('gateway', 'bound').length > 0 ? [...rules, routesAgree] : rules;
}
