import { describe, expect, test } from 'vitest';
import type { GrowthFacts, GrowthSizeFacts, GuardFacts } from '#harness/core/guard/facts.ts';
import { judgeGuard } from './judge-guard.ts';
import { found } from './testing/found.ts';
import { madeFacts, madeMigration } from './testing/made-guard.ts';

const SIZES = [10_000, 30_000, 100_000, 300_000, 1_000_000] as const;
const MIB = 1024 ** 2;

type Cost = (rows: number) => number;

interface Made {
  readonly waits?: Cost;
  readonly time?: Cost;
  readonly pages?: Cost;
  readonly more?: (rows: number) => Partial<GrowthSizeFacts>;
}

/** Chance of a hundredth, the same in each run. */
const CHANCE = [1.01, 0.99, 1, 1.005, 0.995] as const;

function grown({ waits = () => 0, time = () => 1, pages, more = () => ({}) }: Made): GrowthFacts {
  return {
    table: 'public.users',
    smaller: 'share of the rows',
    points: SIZES.map((rows, place) => ({
      rows,
      duration_ms: time(rows) * (CHANCE[place] ?? 1),
      durations_ms: [0, 1, 2].map((run) => time(rows) * (CHANCE[(place + run) % 5] ?? 1)),
      wal_bytes: 4096,
      blocked_longest_ms: waits(rows) * (CHANCE[place] ?? 1),
      ...(pages === undefined ? {} : { pages_read: pages(rows) }),
      ...more(rows),
    })),
  };
}

function facts(
  growth: GrowthFacts,
  real: Partial<GuardFacts['data']> = { real_rows: { users: 50_000_000 } },
): GuardFacts {
  const base = madeFacts();
  return { ...base, data: { ...base.data, ...real }, migrations: [madeMigration({ growth })] };
}

/** On a copy of the live database itself. */
function live(waits: Cost) {
  return found(facts(grown({ waits, time: waits }), { source: 'live' }), 'growth');
}

/** A migration without sizes, and why. */
function over(name: string, why: string) {
  const { growth: _, ...rest } = madeMigration({ name, not_measured: { growth: why } });
  return rest;
}

const linear: Cost = (rows) => 3 + rows / 5000;

describe('waits at the real size', () => {
  test('fail where even the near end of the interval is beyond what is borne', () => {
    const one = found(facts(grown({ waits: linear, time: linear })), 'growth');
    expect(one).toMatchObject({ outcome: 'fail', severity: 'critical' });
    expect(one.reason).toMatch(
      /^the time for which others wait grows with the rows: about (9|10),\d{3} ms at 50,000,000 rows$/,
    );
  });

  test('hold where even the far end is borne', () => {
    const one = found(
      facts(grown({ waits: linear, time: linear }), { real_rows: { users: 1_200_000 } }),
      'growth',
    );
    expect(one).toMatchObject({ outcome: 'pass', severity: 'low' });
  });

  test('are not known where the limit is between both', () => {
    const one = found(
      facts(grown({ waits: linear, time: linear }), { real_rows: { users: 2_490_000 } }),
      'growth',
    );
    expect(one.outcome).toBe('inconclusive');
    expect(one.reason).toContain('too uncertain to say whether it is borne');
    // What was measured is told all the same.
    expect(one.items?.length).toBeGreaterThan(2);
  });

  test('are those that were measured where a copy of the live database was the largest size', () => {
    // With an interval of its own it would be uncertain: nothing is extrapolated.
    expect(live((rows) => rows / 2100)).toMatchObject({ outcome: 'pass' });
    expect(live((rows) => rows / 1900)).toMatchObject({ outcome: 'fail', severity: 'high' });
    expect(live(linear).derivation).toMatch(/^measured at 1,000,000 rows, which is the real size/);
  });

  test('of a dump are a remark, as nobody says what it is a dump of', () => {
    const one = found(facts(grown({ waits: linear, time: linear }), {}), 'growth');
    expect(one).toMatchObject({ outcome: 'pass', severity: 'low' });
  });

  test('are told by another table that is larger than on the copy', () => {
    const base = facts(grown({ waits: linear, time: linear }), {
      tables: [
        { table: 'public.users', rows: 1_000_000, bytes: 1 },
        { table: 'public.states', rows: 10, bytes: 1 },
      ],
      real_rows: { states: 500 },
    });
    const [migration = madeMigration()] = base.migrations;
    const statements = migration.statements.map((one) => ({
      ...one,
      relations: ['public.users', 'public.states'],
    }));
    expect(found({ ...base, migrations: [{ ...migration, statements }] }, 'growth').reason).toContain(
      '50,000,000 rows',
    );
  });
});

describe('where nobody waits noticeably', () => {
  test('a migration that works for long keeps nobody out', () => {
    const one = found(facts(grown({ time: (rows) => rows / 1000 })), 'growth');
    expect(one).toMatchObject({ outcome: 'pass', severity: 'low' });
    expect(one.reason).toMatch(
      /^the time for which others wait is not seen to grow with the rows, although it takes 995 ms$/,
    );
  });

  test('its own time bounds what others would wait, and is no proof where it grows beyond what is borne', () => {
    const scan = grown({ time: (rows) => 1 + rows / 40_000, pages: (rows) => rows / 100 });
    const one = found(facts(scan), 'growth');
    expect(one.outcome).toBe('inconclusive');
    expect(one.reason).toMatch(/how much of it others would wait was too short to be seen here$/);
    expect(found(facts(scan, { real_rows: { users: 5_000_000 } }), 'growth')).toMatchObject({
      outcome: 'pass',
    });
  });

  test('a migration that looks at no row is borne at any size, whatever its time looks like', () => {
    const chance = grown({ time: (rows) => 1 + rows / 40_000, pages: () => 0 });
    const one = found(facts(chance), 'growth');
    expect(one).toMatchObject({ outcome: 'pass', severity: 'none' });
    expect(one.reason).toBe('it looks at no rows, however many there are');
    const some = grown({ time: (rows) => 1 + rows / 40_000, pages: (rows) => rows / 10_000 });
    expect(found(facts(some), 'growth').outcome).toBe('inconclusive');
    const written = grown({
      time: (rows) => 1 + rows / 40_000,
      pages: () => 0,
      more: () => ({ wal_bytes: 9 * MIB }),
    });
    expect(found(facts(written), 'growth').outcome).toBe('inconclusive');
  });

  test('waits that are chance are not extrapolated where it looks at no row', () => {
    const uneven = grown({ waits: (rows) => (rows < 300_000 ? 3 : rows / 5000), pages: () => 0 });
    expect(found(facts(uneven), 'growth')).toMatchObject({ outcome: 'pass', severity: 'none' });
    const examined = grown({
      waits: (rows) => (rows < 300_000 ? 3 : rows / 5000),
      pages: (rows) => rows / 100,
    });
    expect(found(facts(examined), 'growth').outcome).not.toBe('pass');
  });

  test('waits that are too long at every size fail, although they do not grow', () => {
    const one = found(facts(grown({ waits: () => 700, time: () => 700 })), 'growth');
    expect(one).toMatchObject({ outcome: 'fail', severity: 'high' });
  });
});

describe('what is told beside the outcome', () => {
  test('each cost has its growth and its estimate for the real size, with its uncertainty', () => {
    const growth = grown({
      waits: linear,
      time: linear,
      more: (rows) => ({
        wal_bytes: rows * 100,
        disk_bytes: 0,
        disk_peak_bytes: rows * Math.log(rows) * 10,
      }),
    });
    expect(found(facts(growth), 'growth').items).toEqual([
      expect.stringMatching(
        /^the time for which others wait grows with the rows: 5\.\d ms at 10,000 rows, 20\d ms at 1,000,000 rows, rows\^\d\.\d\d \(\d\.\d\d to \d\.\d\d\); about .* ms at 50,000,000 rows, between .* and .* ms$/,
      ),
      expect.stringMatching(/^the time that it takes grows with the rows: /),
      expect.stringMatching(
        /^the log that it writes grows with the rows: 977 KiB at 10,000 rows, 95 MiB at 1,000,000 rows, .*; about 4\.7 GiB at 50,000,000 rows, between 4\.\d GiB and \d\.\d GiB$/,
      ),
      'the disk that it takes for good is not seen to grow with the rows: 0 B at 10,000 rows, 0 B at 1,000,000 rows',
      expect.stringMatching(
        /^the disk that it takes at the most while it runs grows a little faster than the rows, as sorting does \(n log n\): /,
      ),
    ]);
  });

  test('an estimate whose ends are far apart is told by its near end alone', () => {
    const [lowest, ...others] = grown({ waits: linear, time: linear }).points;
    const uneven = {
      points: [lowest, ...others].flatMap((one, place) =>
        one === undefined
          ? []
          : [{ ...one, wal_bytes: [1, 30, 4, 90, 800][place] ?? 0 }].map((of) => ({
              ...of,
              wal_bytes: of.wal_bytes * MIB,
            })),
      ),
    };
    const items = found(facts(uneven), 'growth').items ?? [];
    expect(items.find((item) => item.startsWith('the log'))).toMatch(/these sizes do not tell$/);
  });

  test('facts from before disk and pages were recorded are read, and say nothing of them', () => {
    const points = SIZES.map((rows) => ({
      rows,
      duration_ms: linear(rows),
      wal_bytes: rows * 100,
      blocked_longest_ms: linear(rows),
    }));
    const one = found(facts({ points }), 'growth');
    expect(one).toMatchObject({ outcome: 'fail' });
    expect(one.items).toHaveLength(3);
    expect(one.derivation).toContain('the rows of each size were made up for it');
  });

  test('facts of three sizes are enough to judge by', () => {
    const points = [10_000, 100_000, 1_000_000].map((rows) => ({
      rows,
      duration_ms: rows / 1000,
      wal_bytes: 1,
      blocked_longest_ms: rows / 1000,
    }));
    expect(found(facts({ points }), 'growth')).toMatchObject({ outcome: 'fail', severity: 'critical' });
    expect(found(facts({ points: points.slice(1) }), 'growth')).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe('migrations of which growth was not measured', () => {
  test('are no proof where it should be known', () => {
    const one = found({ ...madeFacts(), migrations: [over('a', 'no time was left')] }, 'growth');
    expect(one).toMatchObject({
      outcome: 'inconclusive',
      reason: 'it was run at one size only: no time was left',
    });
  });

  test('are not judged where they were passed over, and are told together', () => {
    const cheap = ['a', 'b'].map((name) => ({ ...over(name, 'it is cheap'), left_out: ['growth'] as const }));
    const verdict = judgeGuard({ ...madeFacts(), migrations: [madeMigration(), ...cheap] });
    expect(verdict.outcome).toBe('pass');
    expect(verdict.checks.filter(({ check }) => check === 'growth')).toHaveLength(1);
    expect(verdict.not_judged).toEqual([{ check: 'growth', why: 'of 2 migrations: it is cheap' }]);
  });
});
