import type { MethodAnswer } from '#harness/core/migration.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { courses, EDGE_MS, isRefusedByMode, REFUSED, WRITE_ROUTE } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

type ReadOnlyRecord = RecordOf<'harness', 'read_only'>;

/** Who refuses, and how each begins to say why: the flag has a time, the rule of the proxy knows none. */
const WHO = { flag: "the shop's flag", proxy: "the proxy's rule" } as const;
const SAYS = { flag: /read-only until/, proxy: /read-only:/ } as const;
const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

interface Span {
  readonly asked: ReadOnlyRecord;
  readonly holds: ReadOnlyRecord;
  readonly ended: ReadOnlyRecord;
}

/** @throws MissingEvidence when it was not seen to hold and to end */
function spanOf(facts: Facts): Span {
  const records = facts.timeline.of('harness', 'read_only');
  const of = (state: ReadOnlyRecord['data']['state']): ReadOnlyRecord => {
    const found = records.find(({ data }) => data.state === state);
    if (found) return found;
    throw new MissingEvidence(`the read-only mode was never seen to be ${state === 'holds' ? 'on' : state}`);
  };
  return { asked: of('asked'), holds: of('holds'), ended: of('ended') };
}

function sum(all: readonly { readonly count: number }[]): number {
  return all.reduce((total, { count }) => total + count, 0);
}

/** What is wrong with an answer: a method that is refused must be told why and when to come back, any other be served. */
export function answerProblem(
  { method, status, retry_after_s, body }: MethodAnswer,
  { refused = WRITES, says = /read-only/ }: { refused?: readonly string[]; says?: RegExp } = {},
): string | undefined {
  if (!refused.includes(method)) return status < 400 ? undefined : `${method} was answered ${status}`;
  if (status !== REFUSED) return `${method} was answered ${status}`;
  if (retry_after_s === undefined) return `the answer to ${method} does not say when to come back`;
  return says.test(body) ? undefined : `the answer to ${method} does not say why: ${body}`;
}

/**
 * While the mode holds no write gets through, every one is told so clearly by whoever was to refuse it, and reads go on as ever.
 * Outside of it no request fails at all, and a write that is refused by anybody else has failed.
 */
export const readOnlyHeld = rule(
  'read-only-held',
  'writes are refused clearly while the service is read-only, and everything else is served',
  (facts) => {
    const { read_only } = facts.expectation('migration');
    if (!read_only) throw new MissingEvidence('no read-only mode was declared');
    const { asked, holds, ended } = spanOf(facts);
    const probed = holds.data.answers ?? [];
    const unprobed = ['GET', ...WRITES].filter((method) => !probed.some((one) => one.method === method));
    if (unprobed.length > 0) throw new MissingEvidence(`nobody tried ${unprobed.join(', ')}`);
    const within = facts.seconds.filter(
      ({ at, data }) => data.from >= holds.at && at <= Math.min(ended.at, holds.data.lease_until) - EDGE_MS,
    );
    const series = within.flatMap((second) => second.data.series);
    const writes = series.filter(({ route }) => route === WRITE_ROUTE);
    if (sum(writes) === 0) throw new MissingEvidence('nobody wrote while the service was read-only');
    const taken = sum(writes.filter(({ bad }) => !bad));
    const reads = sum(series) - sum(writes);
    if (reads === 0) throw new MissingEvidence('nobody read while the service was read-only');
    const all_bad = facts.series(({ bad }) => bad);
    const other = all_bad.filter(({ series: one }) => !isRefusedByMode(read_only, one));
    const outside = all_bad.filter(
      ({ series: one }) =>
        isRefusedByMode(read_only, one) && (one.last_at < asked.at || one.first_at > ended.at + EDGE_MS),
    );
    const problems = [
      ...(taken > 0 ? [`${taken} writes got through`] : []),
      ...probed.flatMap((one) => answerProblem(one, { says: SAYS[read_only.by] }) ?? []),
      ...other.map(
        ({ series: one }) =>
          `${one.count} requests to ${one.route} failed with status ${one.status} of ${one.release}${one.status === REFUSED ? `, which is not the answer of ${WHO[read_only.by]}` : ''}`,
      ),
      ...(outside.length > 0
        ? [`${sum(outside.map(({ series: one }) => one))} writes were refused before or after`]
        : []),
    ];
    const held_s = (Math.min(ended.at, holds.data.lease_until) - holds.at) / 1000;
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `in ${held_s.toFixed(1)} s ${sum(writes)} writes were refused with ${REFUSED} by ${WHO[read_only.by]} and ${reads} reads served`
          : problems.join('; '),
      limit: `every write ${REFUSED} with Retry-After and a reason, every read served`,
      measured: `${taken} writes got through, ${sum(other.map(({ series: one }) => one))} other requests failed`,
      evidence: [asked.seq, holds.seq, ended.seq, ...within.map(({ seq }) => seq).slice(0, 5)],
    };
  },
);

/** The migration began once no write could get through or was under way, and was at its end before writes were taken again. */
export const readOnlyCovers = rule(
  'read-only-covers',
  'the whole migration lies in the time in which nothing is written',
  (facts) => {
    const { holds, ended } = spanOf(facts);
    const done = courses(facts).filter(({ begun }) => begun !== undefined);
    if (done.length === 0) throw new MissingEvidence('no migration began');
    const until = Math.min(ended.at, holds.data.lease_until);
    const problems = done.flatMap(({ declared: { name }, begun, applied, failed }) => {
      const end = applied ?? failed;
      if (!begun || !end) throw new MissingEvidence(`${name} was not seen to come to its end`);
      return [
        ...(begun.at < holds.at ? [`${name} began ${holds.at - begun.at} ms too early`] : []),
        ...(end.at > until
          ? [
              `${name} was at its end ${((end.at - until) / 1000).toFixed(1)} s after writes could be taken again`,
            ]
          : []),
      ];
    });
    const margins = done.flatMap(({ applied }) => (applied ? [(until - applied.at) / 1000] : []));
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `it was at its end ${Math.min(...margins).toFixed(1)} s before the lease was`
          : problems.join('; '),
      limit: 'begun after the mode holds, ended before its lease does',
      measured: `${problems.length} too early or too late`,
      evidence: [
        holds.seq,
        ended.seq,
        ...done.flatMap(({ begun, applied }) => [begun, applied].flatMap((one) => one?.seq ?? [])),
      ],
    };
  },
);

/** The mode ended by itself when its lease did, and writes were taken again soon. */
export const readOnlyEnds = rule(
  'read-only-ends',
  'the read-only mode ends by itself with its lease',
  (facts) => {
    const { read_only } = facts.expectation('migration');
    if (!read_only) throw new MissingEvidence('no read-only mode was declared');
    const { holds, ended } = spanOf(facts);
    const { lease_until } = holds.data;
    const written = facts
      .series(({ route, bad, last_at }) => route === WRITE_ROUTE && !bad && last_at > lease_until)
      .toSorted((left, right) => left.series.first_at - right.series.first_at)[0];
    if (ended.data.ended_by !== 'lease') {
      return {
        outcome: 'fail',
        reason: 'it was ended by the run, not by its lease',
        limit: 'ended by the lease',
        evidence: [ended.seq],
      };
    }
    if (!written) throw new MissingEvidence('no write was taken after the end of the lease');
    const late_s = Math.max(0, (written.series.first_at - lease_until) / 1000);
    const early_s = (lease_until - ended.at) / 1000;
    const holds_on = early_s < 1;
    return {
      outcome: late_s <= read_only.back_within_s && holds_on ? 'pass' : 'fail',
      reason: holds_on
        ? `writes were taken again ${late_s.toFixed(1)} s after the end of the lease`
        : `it ended ${early_s.toFixed(1)} s before its lease did`,
      limit: `<= ${read_only.back_within_s} s after the lease of ${read_only.lease_s} s`,
      measured: `${late_s.toFixed(1)} s`,
      evidence: [holds.seq, ended.seq, written.seq],
    };
  },
);
