import type { DowntimeWindow } from '#harness/core/migration.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { CLOSED_RELEASE, courses, EDGE_MS, REFUSED } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { podsOverTime } from '../pods.ts';
import { atMost, rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';
import { answerProblem } from './read-only.ts';

type ClosedRecord = RecordOf<'harness', 'closed'>;

const TRIED = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

interface Closed {
  readonly window: DowntimeWindow;
  readonly asked: ClosedRecord;
  readonly holds: ClosedRecord;
  readonly opening: ClosedRecord;
  readonly opened: ClosedRecord;
}

/** @throws MissingEvidence when it was not seen to be closed and opened again */
function closedTime(facts: Facts): Closed {
  const { window } = facts.expectation('migration');
  if (!window) throw new MissingEvidence('no time without service was declared');
  const of = (state: ClosedRecord['data']['state']): ClosedRecord => {
    const found = facts.timeline.of('harness', 'closed').find(({ data }) => data.state === state);
    if (found) return found;
    throw new MissingEvidence(`the service was never seen to be ${state === 'holds' ? 'closed' : state}`);
  };
  return { window, asked: of('asked'), holds: of('holds'), opening: of('opening'), opened: of('opened') };
}

/** @returns what the sum may be, and of what */
function budgetOf({ close_s, stop_s, migrate_s, start_s, open_s }: DowntimeWindow): {
  readonly seconds: number;
  readonly derivation: string;
} {
  return {
    seconds: close_s + stop_s + migrate_s + start_s + open_s,
    derivation: `${close_s} s to close, ${stop_s} s termination grace, ${migrate_s} s to migrate, ${start_s} s to start and be ready, ${open_s} s to open`,
  };
}

/** How the time was spent, as far as it is known. */
function partsOf(facts: Facts, { holds, opening }: Closed, first: number, last: number): string {
  const course = courses(facts)[0];
  const steps = [
    ['until all were refused', first, holds.at],
    ['to stop', holds.at, course?.begun?.at],
    ['to migrate', course?.begun?.at, course?.applied?.at],
    ['to start', course?.applied?.at, opening.at],
    ['to open', opening.at, last],
  ] as const;
  return steps
    .flatMap(([what, from, to]) =>
      from === undefined || to === undefined ? [] : [`${secondsText(Math.max(0, to - from))} ${what}`],
    )
    .join(', ');
}

/**
 * Nobody was served for as long as the specification allows and no longer, by what users met: from the first refusal to the
 * last. Before and after no request failed.
 */
export const downtime = rule(
  'downtime',
  'nobody is served for no longer than declared, and no request fails before or after',
  (facts) => {
    const closed = closedTime(facts);
    const { asked, opened } = closed;
    const { seconds: budget_s, derivation } = budgetOf(closed.window);
    const bad = facts.series((series) => series.bad);
    if (bad.length === 0) throw new MissingEvidence('nobody was refused: the service was never away');
    const outside = bad.filter(
      ({ series }) => series.last_at < asked.at || series.first_at > opened.at + EDGE_MS,
    );
    const inside = bad.filter((one) => !outside.includes(one));
    const failed = outside.reduce((sum, { series }) => sum + series.count, 0);
    const refused = inside.reduce((sum, { series }) => sum + series.count, 0);
    const first = Math.min(...inside.map(({ series }) => series.first_at));
    const last = Math.max(...inside.map(({ series }) => series.last_at));
    const good = facts.series((series) => !series.bad && series.first_at > last);
    if (good.length === 0) throw new MissingEvidence('nobody was served afterwards');
    const took_s = (last - first) / 1000;
    const problems = [
      ...(took_s > budget_s ? [`it lasted ${(took_s - budget_s).toFixed(1)} s too long`] : []),
      ...(failed > 0 ? [`${failed} requests failed before or after`] : []),
    ];
    const told = `nobody was served for ${took_s.toFixed(1)} s and ${refused} requests were refused: ${partsOf(facts, closed, first, last)}`;
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason: [...problems, told].join('; '),
      limit: atMost(budget_s, 's'),
      measured: `${took_s.toFixed(1)} s`,
      derivation,
      evidence: [asked.seq, opened.seq, ...outside.map(({ seq }) => seq)],
    };
  },
);

/** While the service was closed every answer was a clear refusal, and nobody was served by accident. */
export const closedClearly = rule(
  'closed-clearly',
  'while nobody is served every request is refused clearly, and none is half done',
  (facts) => {
    const { asked, holds, opening, opened } = closedTime(facts);
    const probed = holds.data.answers ?? [];
    const unprobed = TRIED.filter((method) => !probed.some((one) => one.method === method));
    if (unprobed.length > 0) throw new MissingEvidence(`nobody tried ${unprobed.join(', ')}`);
    const within = facts.seconds.filter(({ at, data }) => data.from >= holds.at && at <= opening.at);
    const series = within.flatMap((second) => second.data.series);
    const count = series.reduce((sum, one) => sum + one.count, 0);
    if (count === 0) throw new MissingEvidence('nobody asked while the service was closed');
    const served = series.filter(({ bad }) => !bad).reduce((sum, one) => sum + one.count, 0);
    const unclear = facts.series(
      (one) =>
        one.bad &&
        !(one.status === REFUSED && one.release === CLOSED_RELEASE) &&
        one.last_at >= asked.at &&
        one.first_at <= opened.at + EDGE_MS,
    );
    const problems = [
      ...(served > 0 ? [`${served} requests were served`] : []),
      ...probed.flatMap((one) => answerProblem(one, { refused: TRIED, says: /closed/ }) ?? []),
      ...unclear.map(({ series: one }) => `${one.count} requests met status ${one.status} of ${one.release}`),
    ];
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `in ${secondsText(opening.at - holds.at)} ${count} requests were refused with ${REFUSED}, a reason and when to come back`
          : problems.join('; '),
      limit: `every answer ${REFUSED} with Retry-After and a reason`,
      measured: `${served} served, ${unclear.reduce((sum, { series: one }) => sum + one.count, 0)} unclear`,
      evidence: [holds.seq, opening.seq, ...unclear.map(({ seq }) => seq)],
    };
  },
);

/** No pod of the one release was there together with one of the other, by the watch of the pods. */
export const releasesApart = rule(
  'releases-apart',
  'no pod of the old release lives beside one of the new',
  (facts) => {
    const { namespace, window } = facts.expectation('migration');
    if (!window) throw new MissingEvidence('no time without service was declared');
    facts.requireObserver('kubernetes');
    const { old_release, new_release } = window;
    const seen = new Set<string>();
    const together: number[] = [];
    let first_ms: number | undefined;
    let last_ms = 0;
    for (const { record, there } of podsOverTime(facts.timeline, namespace)) {
      const now = new Set([...there.values()].map(({ data }) => String(data.fields.release)));
      for (const release of now) seen.add(release);
      if (!now.has(old_release) || !now.has(new_release)) {
        if (first_ms !== undefined && last_ms === 0) last_ms = record.at;
        continue;
      }
      first_ms ??= record.at;
      together.push(record.seq);
    }
    for (const release of [old_release, new_release]) {
      if (!seen.has(release)) throw new MissingEvidence(`no pod of release ${release} was ever seen`);
    }
    return {
      outcome: together.length === 0 ? 'pass' : 'fail',
      reason:
        first_ms === undefined
          ? `the last pod of ${old_release} was gone before the first of ${new_release} was made`
          : `pods of ${old_release} and of ${new_release} were there together for ${secondsText((last_ms || facts.load_end) - first_ms)}`,
      limit: '0 s together',
      measured: `${together.length} moments together`,
      evidence: together,
    };
  },
);
