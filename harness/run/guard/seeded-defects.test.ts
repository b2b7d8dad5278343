import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GuardPart } from '#harness/core/guard/facts.ts';
import type { Outcome } from '#harness/core/verdict.ts';
import { readMigrations } from '#harness/database/migrations/read.ts';
import { readSqlRelease } from '#harness/database/workload/read-sql.ts';
import { judgeGuard } from '#harness/judge/guard/judge-guard.ts';
import type { Phases } from '../phases.ts';
import { guardMigrations } from './guard-migrations.ts';
import type { GuardRequest } from './request.ts';

/** Defects that are built into real migrations on a real server: the check that is meant for each must notice. */

const ROWS = 3000;

const SCHEMA = `
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, age int NOT NULL);
CREATE INDEX users_age ON users (age);
`;

const RELEASE = `
-- name: by-id weight: 3
-- param id: sample users.id
SELECT id, name FROM users WHERE id = :id;

-- name: age
-- param id: sample users.id
-- param age: int 1..99
UPDATE users SET age = :age WHERE id = :id;
`;

const SILENT: Phases = {
  say: () => undefined,
  phase: (_title, _key, act) => act(() => undefined),
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-defects-'));
  await writeFile(join(folder, 'schema.sql'), SCHEMA);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Defect {
  readonly name: string;
  readonly up: string;
  readonly down?: string;
  /** The release that works throughout; one made from the schema when absent. */
  readonly release?: string;
  readonly change?: Partial<GuardRequest>;
  readonly kills?: true;
  readonly check: string;
  readonly outcome: Exclude<Outcome, 'pass'>;
}

async function requestFor(
  { up, down, release, change, kills }: Defect,
  index: number,
): Promise<GuardRequest> {
  const at = (name: string): string => join(folder, `${index}-${name}`);
  await writeFile(at('up.sql'), up);
  if (down !== undefined) await writeFile(at('down.sql'), down);
  const set = await readMigrations(at('up.sql'), down === undefined ? {} : { down: at('down.sql') });
  const old = release === undefined ? undefined : await readSqlRelease('release.sql', release);
  const left: readonly (readonly [GuardPart, boolean])[] = [
    ['old-release', old === undefined],
    ['new-release', old === undefined],
    ['down', down === undefined],
    ['kills', kills === undefined],
    ['behind-reader', true],
    ['growth', true],
    ['lint', true],
  ];
  return {
    set,
    earlier: [],
    judged: set.migrations,
    data: { source: 'generated', rows: ROWS },
    schema: join(folder, 'schema.sql'),
    ...(old === undefined ? {} : { old, next: old }),
    made_up: true,
    rate_per_s: 300,
    seed: 7,
    engine: 'embedded',
    left_out: left.flatMap(([part, is_left]) => (is_left ? [{ part, why: 'not of this test' }] : [])),
    ...change,
  };
}

const DEFECTS: readonly Defect[] = [
  {
    name: 'one value changed among thousands',
    up: "UPDATE users SET name = name || '!' WHERE id = (SELECT max(id) FROM users);",
    check: 'values-kept',
    outcome: 'fail',
  },
  {
    name: 'one row deleted among thousands',
    up: 'DELETE FROM users WHERE id = (SELECT max(id) FROM users);',
    check: 'rows-kept',
    outcome: 'fail',
  },
  {
    name: 'a lock held for longer than is borne',
    up: 'ALTER TABLE users ADD COLUMN a int; SELECT pg_sleep(0.9);',
    release: RELEASE,
    check: 'readers-blocked',
    outcome: 'fail',
  },
  {
    name: 'a column renamed under the old release',
    up: 'ALTER TABLE users RENAME COLUMN name TO full_name;',
    release: RELEASE,
    check: 'old-release-after',
    outcome: 'fail',
  },
  {
    name: 'a table written anew',
    up: 'ALTER TABLE users ALTER COLUMN age TYPE bigint;',
    check: 'table-rewrite',
    outcome: 'fail',
  },
  {
    name: 'a down that forgets an index',
    up: 'DROP INDEX users_age; ALTER TABLE users ADD COLUMN a int;',
    down: 'ALTER TABLE users DROP COLUMN a;',
    check: 'round-trip-schema',
    outcome: 'fail',
  },
  {
    name: 'a down that restores the column but not its values',
    up: 'ALTER TABLE users DROP COLUMN age;',
    down: 'ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 0; CREATE INDEX users_age ON users (age);',
    check: 'round-trip-data',
    outcome: 'fail',
  },
  {
    name: 'an index that cannot be unique, left invalid',
    up: 'CREATE UNIQUE INDEX CONCURRENTLY users_age_key ON users ((age % 2));',
    check: 'residue',
    outcome: 'fail',
  },
  {
    name: 'killed between two statements, and stuck',
    up: 'CREATE TABLE notes (id int PRIMARY KEY); CREATE INDEX CONCURRENTLY users_name ON users (name);',
    kills: true,
    check: 'killed-client',
    outcome: 'fail',
  },
  {
    name: 'an empty copy',
    up: 'ALTER TABLE users DROP COLUMN age;',
    change: { data: { source: 'empty' } },
    check: 'values-kept',
    outcome: 'inconclusive',
  },
  {
    name: 'a workload that never ran',
    up: 'ALTER TABLE users ADD COLUMN a int;',
    release: RELEASE,
    change: { rate_per_s: 0.01 },
    check: 'workload-ran',
    outcome: 'inconclusive',
  },
  {
    name: 'an old release that fails whatever is migrated',
    up: 'ALTER TABLE users ADD COLUMN a int;',
    release: '-- name: broken\nSELECT no_such_column FROM users;',
    check: 'old-release-after',
    outcome: 'inconclusive',
  },
];

describe('defects in real runs', { timeout: 120_000 }, () => {
  test('a migration without a defect passes', async () => {
    const good: Defect = {
      name: 'good',
      up: "ALTER TABLE users ADD COLUMN state text NOT NULL DEFAULT 'new';",
      down: 'ALTER TABLE users DROP COLUMN state;',
      release: RELEASE,
      kills: true,
      check: '',
      outcome: 'fail',
    };
    const { signal } = new AbortController();
    const request = await requestFor(good, 99);
    const verdict = judgeGuard(await guardMigrations(request, { phases: SILENT, signal }));
    expect(verdict.checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(verdict.outcome).toBe('pass');
  });

  test.each(DEFECTS.map((defect, index) => ({ ...defect, index })))(
    '$name: $check is $outcome',
    async ({ index, ...defect }) => {
      const { signal } = new AbortController();
      const request = await requestFor(defect, index);
      const verdict = judgeGuard(await guardMigrations(request, { phases: SILENT, signal }));
      const one = verdict.checks.find(({ check }) => check === defect.check);
      expect(one).toMatchObject({ outcome: defect.outcome });
      expect(verdict.outcome).not.toBe('pass');
    },
  );
});
