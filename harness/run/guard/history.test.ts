import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { readMigrations } from '#harness/database/migrations/read.ts';
import { judgeGuard } from '#harness/judge/guard/judge-guard.ts';
import { guardMigrations } from './guard-migrations.ts';

const ROWS = 500;
const SCHEMA = 'CREATE TABLE users (id int PRIMARY KEY, age int NOT NULL);\n';

async function judged(...texts: readonly string[]): Promise<GuardFacts> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-history-'));
  try {
    await mkdir(join(folder, 'migrations'));
    await writeFile(join(folder, 'schema.sql'), SCHEMA);
    for (const [index, text] of texts.entries()) {
      await writeFile(join(folder, 'migrations', `${index + 1}.sql`), text);
    }
    const set = await readMigrations(join(folder, 'migrations'));
    const parts = ['old-release', 'new-release', 'behind-reader', 'down', 'kills', 'growth', 'lint'] as const;
    return await guardMigrations(
      {
        set,
        earlier: [],
        judged: set.migrations,
        data: { source: 'generated', rows: ROWS },
        schema: join(folder, 'schema.sql'),
        made_up: true,
        rate_per_s: 300,
        seed: 7,
        engine: 'embedded',
        left_out: parts.map((part) => ({ part, why: 'not of this test' })),
      },
      {
        phases: { say: () => undefined, phase: (_title, _key, act) => act(() => undefined) },
        signal: new AbortController().signal,
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('a history goes on past a migration that made-up rows stood in the way of, and says so', async () => {
  const facts = await judged(
    'CREATE UNIQUE INDEX users_age ON users ((age % 2));\n',
    'ALTER TABLE users ADD COLUMN note text;\n',
  );
  const [refused, next] = facts.migrations;
  expect(refused).toMatchObject({ alone: { outcome: 'refused' }, emptied: ['public.users'] });
  expect(next?.alone?.outcome).toBe('applied');
  const check = judgeGuard(facts).checks.find((one) => one.check === 'runs-on-data');
  expect(check?.outcome).toBe('fail');
  expect(check?.derivation).toContain('once public.users is empty');
}, 60_000);

test('a migration that is wrong whatever the rows are ends it', async () => {
  const facts = await judged('ALTER TABLE absent ADD a int;\n', 'ALTER TABLE users ADD COLUMN note text;\n');
  expect(facts.migrations[0]?.emptied).toBeUndefined();
  expect(facts.migrations[1]?.not_measured?.alone).toContain('was not applied');
}, 60_000);

test('a table for which no rows can be made leaves those that come with it or after it theirs', async () => {
  const facts = await judged(
    'CREATE TABLE odd (n int NOT NULL CHECK (n * n = 14161 AND n > 100)); CREATE TABLE page (id int PRIMARY KEY);\n',
    'CREATE TABLE note (id int PRIMARY KEY, page int NOT NULL REFERENCES page);\n',
    'ALTER TABLE note ADD COLUMN text text;\n',
  );
  expect(facts.migrations[2]?.tables).toMatchObject([
    { table: 'public.note', rows: ROWS },
    { table: 'public.odd', rows: 0 },
    { table: 'public.page', rows: ROWS },
    { table: 'public.users', rows: ROWS },
  ]);
}, 60_000);
