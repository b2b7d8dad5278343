import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { readMigrations } from '#harness/database/migrations/read.ts';
import { folderWith } from '#harness/database/migrations/testing/folder.ts';
import { judgeGuard } from '#harness/judge/guard/judge-guard.ts';
import { guardMigrations } from './guard-migrations.ts';
import type { GuardRequest } from './request.ts';
import { GROWTH_ROWS_MIN } from './sizes-choice.ts';

const { signal } = new AbortController();
const PARTS = ['old-release', 'new-release', 'behind-reader', 'down', 'kills', 'lint'] as const;

function lines(count: number, row: (place: number) => string): string {
  return Array.from({ length: count }, (_, place) => `${row(place + 1)}\n`).join('');
}

/** A plain dump of users and their orders. */
function dump(users: number): string {
  return `--
-- PostgreSQL database dump
--
CREATE TABLE public.users (id int PRIMARY KEY, name text NOT NULL, age int NOT NULL);
CREATE TABLE public.orders (id int PRIMARY KEY, owner int NOT NULL);
COPY public.users (id, name, age) FROM stdin;
${lines(users, (id) => `${id}\tname ${id}\t${id % 90}`)}\\.
COPY public.orders (id, owner) FROM stdin;
${lines(100, (id) => `${id}\t${id}`)}\\.
ALTER TABLE public.orders ADD FOREIGN KEY (owner) REFERENCES public.users (id);
--
-- PostgreSQL database dump complete
--
`;
}

async function judged(
  users: number,
  texts: readonly string[],
  more: Partial<GuardRequest> = {},
): Promise<GuardFacts> {
  await using folder = await folderWith({
    'dump.txt': dump(users),
    ...Object.fromEntries(texts.map((text, place) => [`${place + 1}.sql`, text])),
  });
  const set = await readMigrations(folder.path);
  return await guardMigrations(
    {
      set,
      earlier: [],
      judged: set.migrations,
      data: { source: 'dump', path: join(folder.path, 'dump.txt') },
      made_up: true,
      rate_per_s: 300,
      seed: 7,
      engine: 'embedded',
      left_out: PARTS.map((part) => ({ part, why: 'not of this test' })),
      ...more,
    },
    { phases: { say: () => undefined, phase: (_title, _key, act) => act(() => undefined) }, signal },
  );
}

const REWRITE = 'ALTER TABLE users ALTER COLUMN age TYPE bigint;\n';
const COLUMN = 'ALTER TABLE users ADD COLUMN note text;\n';

test('a folder on a dump is run on shares of its rows where it costs something, the dump itself the largest', async () => {
  const facts = await judged(GROWTH_ROWS_MIN, [REWRITE, COLUMN], { real_rows: { users: 50_000_000 } });
  const [rewrite, column] = facts.migrations;
  const { points = [], ...of } = rewrite?.growth ?? {};
  expect(of).toEqual({ table: 'public.users', smaller: 'share of the rows' });
  const rows = points.map((point) => point.rows);
  expect(rows).toHaveLength(5);
  expect(rows.at(-1)).toBe(GROWTH_ROWS_MIN);
  for (const [place, share] of [0.01, 0.03, 0.1, 0.3].entries()) {
    expect((rows[place] ?? 0) / GROWTH_ROWS_MIN / share).toBeGreaterThan(0.8);
    expect((rows[place] ?? 0) / GROWTH_ROWS_MIN / share).toBeLessThan(1.2);
  }
  // Ten times the rows are about ten times the log and the disk for both files.
  const [, , tenth, , all] = points;
  for (const what of ['wal_bytes', 'disk_peak_bytes', 'pages_read'] as const) {
    const factor = (all?.[what] ?? 0) / (tenth?.[what] ?? 1);
    expect(factor).toBeGreaterThan(6);
    expect(factor).toBeLessThan(14);
  }
  expect(column).toMatchObject({
    left_out: ['growth'],
    not_measured: { growth: expect.stringMatching(/less than 10 ms/) },
  });
  const verdict = judgeGuard(facts);
  const growth = verdict.checks.filter(({ check }) => check === 'growth');
  // On a machine with much else to do the interval may be too wide to fail, and is never narrow enough to pass.
  expect(growth.map(({ migration, outcome }) => [migration, outcome === 'pass'])).toEqual([['1', false]]);
  expect(growth[0]?.derivation).toContain('shares of the rows that were there, counted in public.users');
  expect(growth[0]?.items?.join('\n')).toMatch(
    /the log that it writes grows with the rows: .* at 50,000,000 rows, between /,
  );
  const left = verdict.not_judged.find(({ check }) => check === 'growth');
  expect(left?.why).toMatch(/^of 1 migration: among several, it took less than 10 ms alone/);
}, 180_000);

test('a small dump says nothing of growth, and is not judged by it', async () => {
  const facts = await judged(500, [COLUMN]);
  expect(facts.migrations[0]).toMatchObject({
    left_out: ['growth'],
    not_measured: { growth: 'no table that it touches has 100,000 rows' },
  });
  const { checks, not_judged } = judgeGuard(facts);
  expect(checks.some(({ check }) => check === 'growth')).toBe(false);
  expect(not_judged).toContainEqual({ check: 'growth', why: 'no table that it touches has 100,000 rows' });
}, 60_000);

test('a column that is added looks at no row, so that it is borne at any size', async () => {
  const facts = await judged(GROWTH_ROWS_MIN, [COLUMN], { real_rows: { users: 1_000_000_000 } });
  expect(facts.migrations[0]?.growth?.points.map(({ pages_read }) => pages_read)).toEqual([0, 0, 0, 0, 0]);
  const one = judgeGuard(facts).checks.find(({ check }) => check === 'growth');
  expect(one).toMatchObject({
    outcome: 'pass',
    severity: 'none',
    reason: 'it looks at no rows, however many there are',
  });
}, 120_000);
