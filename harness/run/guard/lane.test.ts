import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import { readMigrations } from '#harness/database/migrations/read.ts';
import { folderWith } from '#harness/database/migrations/testing/folder.ts';
import { startServer } from '#harness/database/server/start.ts';
import { bringData } from './ground.ts';
import { judgeSpan } from './lane.ts';
import type { GuardRequest } from './request.ts';
import { type Span, wholeOf } from './spans.ts';

const ROWS = 300;
const PARTS = ['old-release', 'new-release', 'behind-reader', 'kills', 'growth', 'lint'] as const;
const { signal } = new AbortController();
const silent = (): void => undefined;

const FILES = {
  'schema.txt': 'CREATE TABLE users (id int PRIMARY KEY, age int NOT NULL);\n',
  '1.sql': 'CREATE TABLE pages (id int PRIMARY KEY, body text NOT NULL);\n',
  // Made-up rows stand in its way, so it is run with the tables emptied, which are filled again.
  '2.sql':
    'CREATE UNIQUE INDEX users_age ON users ((age % 2)); ALTER TABLE pages ADD COLUMN at timestamptz;\n',
  '3.sql': 'ALTER TABLE pages ALTER COLUMN body TYPE varchar(3) USING body::varchar(3);\n',
  '4.sql': 'DELETE FROM users;\n',
};

function told({ name, tables, content, emptied }: MigrationFacts): unknown {
  return { name, tables, content, emptied };
}

test('a stretch is judged as within the whole, on the rows that those before it left', async () => {
  await using folder = await folderWith(FILES);
  const set = await readMigrations(folder.path);
  const request: GuardRequest = {
    set,
    earlier: [],
    judged: set.migrations,
    data: { source: 'generated', rows: ROWS },
    schema: join(folder.path, 'schema.txt'),
    made_up: true,
    rate_per_s: 300,
    seed: 7,
    engine: 'embedded',
    left_out: PARTS.map((part) => ({ part, why: 'not of this test' })),
  };
  await using server = await startServer({ engine: 'embedded', small: true, signal });
  const phases = {
    say: silent,
    phase: <T>(_: string, _key: string, act: (p: () => void) => Promise<T>) => act(silent),
  };
  const judged = async (span: Span): Promise<readonly unknown[]> => {
    const { template: first } = await bringData(server, request, { signal, progress: silent });
    return (await judgeSpan(request, span, { server, first, phases, signal })).map(told);
  };
  const whole = await judged(wholeOf(request));
  expect(whole).toHaveLength(4);
  expect(whole[1]).toMatchObject({ emptied: ['public.pages', 'public.users'] });
  expect(whole[2]).toMatchObject({
    tables: [{ table: 'public.pages', rows: ROWS }, { table: 'public.users' }],
  });
  expect(await judged({ from: 2, until: 4 })).toEqual(whole.slice(2));
  expect(await judged({ from: 1, until: 3 })).toEqual(whole.slice(1, 3));
}, 60_000);
