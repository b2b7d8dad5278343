import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intervalsOf, overlapMs, summaryOf, type WaitsAt, type Window } from './blocked.ts';
import { type SeenLock, type Wait, waitsOf } from './blocked-waits.ts';

interface TrueWait extends Window {
  readonly pid: number;
}

/** What a look at a time sees of waits that are known. */
function lookAt(at_ms: number, truth: readonly TrueWait[], tells_begin: boolean): WaitsAt {
  const waits = truth
    .filter(({ from_ms, to_ms }) => from_ms <= at_ms && at_ms < to_ms)
    .map(
      ({ pid, from_ms }): Wait => ({
        pid,
        id: `${pid} ${from_ms}`,
        ...(tells_begin ? { since_ms: from_ms } : {}),
        relation: 't',
        wanted: 'AccessShareLock',
        held: 'AccessExclusiveLock',
        queued_behind: false,
      }),
    );
  return { at_ms, waits };
}

const gaps = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 30, maxLength: 120 });
/** A session waits for one lock at a time. */
const waiting = fc.array(
  fc.record({ after_ms: fc.nat({ max: 60 }), for_ms: fc.integer({ min: 1, max: 90 }) }),
  {
    maxLength: 4,
  },
);

function truthOf(
  sessions: readonly (readonly { after_ms: number; for_ms: number }[])[],
): readonly TrueWait[] {
  return sessions.flatMap((waits, pid) => {
    let at_ms = 1;
    return waits.map(({ after_ms, for_ms }) => {
      const from_ms = at_ms + after_ms;
      at_ms = from_ms + for_ms + 1;
      return { pid, from_ms, to_ms: from_ms + for_ms };
    });
  });
}

describe('the times that sessions were blocked', () => {
  test.each([true, false])(
    'are told as exactly as looks come, when the server tells the beginning: %s',
    (tells_begin) => {
      fc.assert(
        fc.property(gaps, fc.array(waiting, { maxLength: 4 }), (between, sessions) => {
          const truth = truthOf(sessions);
          let now_ms = 0;
          const times = [0, ...between].map((gap) => (now_ms += gap));
          const looks = times.map((at_ms) => lookAt(at_ms, truth, tells_begin));
          const end_ms = times.at(-1) ?? 0;
          const seen = intervalsOf(looks, []);
          const longest_gap_ms = Math.max(...between);
          for (const { wait, from_ms, to_ms } of seen) {
            const real = truth.find((one) => wait.id === `${one.pid} ${one.from_ms}`);
            expect(real).toBeDefined();
            if (!real || real.to_ms > end_ms) continue;
            expect(Math.abs(from_ms - real.from_ms)).toBeLessThanOrEqual(
              tells_begin ? 0 : longest_gap_ms / 2,
            );
            expect(Math.abs(to_ms - real.to_ms)).toBeLessThanOrEqual(longest_gap_ms / 2);
          }
          // None that was longer than a gap stays unseen.
          const long = truth.filter((one) => one.to_ms - one.from_ms > longest_gap_ms && one.to_ms < end_ms);
          for (const one of long) {
            expect(seen.some(({ wait }) => wait.id === `${one.pid} ${one.from_ms}`)).toBe(true);
          }
        }),
      );
    },
  );

  test('end when the migration gave its locks up, where that was between two looks', () => {
    const truth = [{ pid: 1, from_ms: 10, to_ms: 19 }];
    const looks = [0, 12, 60].map((at_ms) => lookAt(at_ms, truth, true));
    expect(intervalsOf(looks, [19, 55])).toMatchObject([{ from_ms: 10, to_ms: 19 }]);
    expect(intervalsOf(looks, [])).toMatchObject([{ from_ms: 10, to_ms: 36 }]);
  });

  test('count from when the migration caused them, not from when somebody else did', () => {
    const [wait] = lookAt(20, [{ pid: 1, from_ms: 2, to_ms: 90 }], true).waits;
    const looks = [
      { at_ms: 0, waits: [] },
      { at_ms: 10, waits: [] },
      { at_ms: 20, waits: wait ? [wait] : [] },
      { at_ms: 30, waits: [] },
    ];
    expect(intervalsOf(looks, [])).toMatchObject([{ from_ms: 15, to_ms: 25 }]);
  });

  test('of adjoining windows add up to those of the whole', () => {
    const windows = fc.uniqueArray(fc.integer({ min: 1, max: 299 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(waiting, { maxLength: 4 }), windows, (sessions, cuts) => {
        const intervals = truthOf(sessions).map(({ pid, from_ms, to_ms }) => ({
          wait: { pid, id: `${pid}`, relation: '', wanted: '', held: '', queued_behind: false },
          from_ms,
          to_ms,
        }));
        const edges = [0, ...cuts.toSorted((left, right) => left - right), 1_000];
        const parts = edges.slice(1).map((to_ms, place) => {
          return summaryOf(intervals, intervals, { from_ms: edges[place] ?? 0, to_ms });
        });
        const whole = summaryOf(intervals, intervals, { from_ms: 0, to_ms: 1_000 });
        expect(parts.reduce((sum, { total_ms }) => sum + total_ms, 0)).toBeCloseTo(whole.total_ms, 6);
        expect(Math.max(...parts.map(({ longest_ms }) => longest_ms))).toBeLessThanOrEqual(whole.longest_ms);
        expect(whole.longest_ms).toBe(whole.stall_ms);
        expect(whole.sessions).toBe(new Set(intervals.map(({ wait }) => wait.pid)).size);
      }),
    );
  });

  test('overlap as far as they have time in common', () => {
    expect(overlapMs({ from_ms: 0, to_ms: 10 }, { from_ms: 5, to_ms: 30 })).toBe(5);
    expect(overlapMs({ from_ms: 0, to_ms: 10 }, { from_ms: 10, to_ms: 30 })).toBe(0);
  });
});

function lock(pid: number, more: Partial<SeenLock>): SeenLock {
  return {
    pid,
    kind: 'relation',
    relation: 'public.users',
    mode: 'AccessShareLock',
    is_granted: false,
    blockers: [],
    ...more,
  };
}

describe('who waits for the migration', () => {
  const MIGRATION = 1;
  const own = (mode: string, is_granted: boolean): SeenLock => lock(MIGRATION, { mode, is_granted });
  const waits = (...locks: readonly SeenLock[]) => waitsOf({ at_ms: 100, locks }, MIGRATION);

  test('waits for the strongest lock that it has and that is in the way', () => {
    const seen = waits(
      own('ShareLock', true),
      own('AccessShareLock', true),
      lock(2, { mode: 'RowExclusiveLock', blockers: [MIGRATION], waited_ms: 40, wait_began: 7 }),
    );
    expect(seen).toEqual([
      {
        pid: 2,
        id: '2 7',
        since_ms: 60,
        relation: 'public.users',
        wanted: 'RowExclusiveLock',
        held: 'ShareLock',
        queued_behind: false,
      },
    ]);
  });

  test('is queued behind it when nothing that it has is in the way, only what it asks for', () => {
    const reader = lock(2, { blockers: [MIGRATION] });
    const writer = lock(3, { mode: 'RowExclusiveLock', blockers: [MIGRATION] });
    const seen = waits(own('ShareLock', true), own('AccessExclusiveLock', false), reader, writer);
    expect(seen.map(({ pid, held, queued_behind }) => [pid, held, queued_behind])).toEqual([
      [2, 'AccessExclusiveLock', true],
      [3, 'ShareLock', false],
    ]);
  });

  test('may wait for it through others, and is not counted when it waits for others alone', () => {
    const seen = waits(
      own('AccessExclusiveLock', true),
      lock(2, { blockers: [MIGRATION] }),
      { pid: 3, kind: 'transactionid', mode: 'ShareLock', is_granted: false, blockers: [2] },
      {
        pid: 3,
        kind: 'tuple',
        relation: 'public.orders',
        mode: 'ExclusiveLock',
        is_granted: true,
        blockers: [],
      },
      {
        pid: 4,
        kind: 'tuple',
        relation: 'public.orders',
        mode: 'ExclusiveLock',
        is_granted: false,
        blockers: [3],
      },
      { pid: 5, kind: 'transactionid', mode: 'ShareLock', is_granted: false, blockers: [6] },
    );
    expect(seen.map(({ pid, relation, wanted, held }) => [pid, relation, wanted, held])).toEqual([
      [2, 'public.users', 'AccessShareLock', 'AccessExclusiveLock'],
      [3, 'public.orders', 'row lock', 'AccessExclusiveLock'],
      [4, 'public.orders', 'row lock', 'AccessExclusiveLock'],
    ]);
  });
});
