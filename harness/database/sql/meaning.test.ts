import { expect, test } from 'vitest';
import type { Meaning } from '#harness/core/guard/meaning.ts';
import { timeoutMs } from './session.ts';
import { readSql } from './read.ts';

async function meanings(sql: string): Promise<readonly Meaning[]> {
  return (await readSql('up.sql', sql)).statements.flatMap(({ does }) => does);
}

test.for<[sql: string, does: readonly Partial<Meaning>[]]>([
  [
    'DROP TABLE a.b, "C d" CASCADE',
    [
      { does: 'drop-table', table: 'a.b', cascade: true },
      { does: 'drop-table', table: '"C d"', cascade: true },
    ],
  ],
  [
    'ALTER TABLE t DROP COLUMN "select"',
    [{ does: 'drop-column', table: 't', column: '"select"', cascade: false }],
  ],
  [
    'DROP MATERIALIZED VIEW m',
    [{ does: 'drop-object', object: 'MATERIALIZED VIEW', name: 'm', cascade: false }],
  ],
  ['DROP FUNCTION s.f(int)', [{ does: 'drop-object', object: 'FUNCTION', name: 's.f', cascade: false }]],
  ['DROP DATABASE d', [{ does: 'drop-object', object: 'DATABASE', name: 'd', cascade: false }]],
  ['DROP INDEX CONCURRENTLY i', [{ does: 'drop-index', index: 'i', concurrently: true }]],
  ['ALTER TABLE a RENAME TO b', [{ does: 'rename-table', table: 'a', to: 'b' }]],
  ['ALTER TABLE a RENAME x TO y', [{ does: 'rename-column', table: 'a', column: 'x', to: 'y' }]],
  ['ALTER VIEW v RENAME COLUMN x TO y', [{ does: 'rename-object', object: 'COLUMN', name: 'v.x', to: 'y' }]],
  [
    "ALTER TYPE e RENAME VALUE 'a b' TO 'c'",
    [{ does: 'rename-object', object: 'ENUM VALUE', name: 'e."a b"', to: 'c' }],
  ],
  ['ALTER TABLE a SET SCHEMA s', [{ does: 'set-schema', object: 'TABLE', name: 'a', to: 's' }]],
  [
    'ALTER TABLE t ALTER name TYPE varchar(16)',
    [{ does: 'change-type', table: 't', column: 'name', type: 'varchar(16)' }],
  ],
  [
    'ALTER TABLE t ALTER name TYPE varchar(16) USING name::varchar(16)',
    [
      {
        does: 'change-type',
        table: 't',
        column: 'name',
        type: 'varchar(16)',
        using: 'CAST(name AS varchar(16))',
      },
    ],
  ],
  [
    'ALTER TABLE t ALTER a SET NOT NULL, ALTER b DROP NOT NULL',
    [
      { does: 'set-not-null', table: 't', column: 'a' },
      { does: 'drop-not-null', table: 't', column: 'b' },
    ],
  ],
  [
    'ALTER TABLE t ALTER a SET DEFAULT 5, ALTER b DROP DEFAULT',
    [
      { does: 'set-default', table: 't', column: 'a', default_sql: '5' },
      { does: 'drop-default', table: 't', column: 'b' },
    ],
  ],
  [
    'ALTER TABLE t VALIDATE CONSTRAINT c, DROP CONSTRAINT d CASCADE',
    [
      { does: 'validate-constraint', table: 't', constraint: 'c' },
      { does: 'drop-constraint', table: 't', constraint: 'd', cascade: true },
    ],
  ],
  [
    'CREATE UNIQUE INDEX i ON s.t (lower(a)) WHERE a > 0',
    [
      {
        does: 'create-index',
        index: 'i',
        table: 's.t',
        unique: true,
        concurrently: false,
        if_not_exists: false,
        concurrent_sql: 'CREATE UNIQUE INDEX CONCURRENTLY i ON s.t ((lower(a))) WHERE a > 0',
      },
    ],
  ],
  ['REINDEX TABLE CONCURRENTLY t', [{ does: 'reindex', object: 'TABLE', name: 't', concurrently: true }]],
  ['TRUNCATE a, b CASCADE', [{ does: 'truncate', tables: ['a', 'b'], cascade: true }]],
  ['DELETE FROM t', [{ does: 'delete', table: 't', conditional: false }]],
  ['DELETE FROM t USING u WHERE t.a = u.a', [{ does: 'delete', table: 't', conditional: true }]],
  [
    'UPDATE t SET a = upper(a) WHERE b IS NULL',
    [{ does: 'update', table: 't', conditional: true, sets: 'a = upper(a)', where: 'b IS NULL' }],
  ],
  ['UPDATE t SET a = u.a FROM u', [{ does: 'update', table: 't', conditional: false }]],
  ['INSERT INTO t SELECT * FROM u', [{ does: 'insert', table: 't', from_query: true }]],
  ['INSERT INTO t DEFAULT VALUES', [{ does: 'insert', table: 't', from_query: false }]],
  [
    "ALTER TYPE e ADD VALUE IF NOT EXISTS 'x y' BEFORE 'z'",
    [{ does: 'add-enum-value', type: 'e', value: 'x y', if_not_exists: true }],
  ],
  [
    'LOCK TABLE a, b IN SHARE ROW EXCLUSIVE MODE',
    [{ does: 'lock-table', tables: ['a', 'b'], mode: 'SHARE ROW EXCLUSIVE' }],
  ],
  ['LOCK a', [{ does: 'lock-table', tables: ['a'], mode: 'ACCESS EXCLUSIVE' }]],
  ['VACUUM FULL a', [{ does: 'rewrite-table', table: 'a', by: 'VACUUM FULL' }]],
  ['VACUUM a', []],
  ['ALTER TABLE a SET LOGGED', [{ does: 'rewrite-table', table: 'a', by: 'SET LOGGED' }]],
  [
    'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
    [{ does: 'detach-partition', table: 'p', partition: 'p1', concurrently: true }],
  ],
  [
    'CREATE TABLE t (a int REFERENCES u, b int, FOREIGN KEY (b) REFERENCES s.v)',
    [{ does: 'create-table', table: 't', if_not_exists: false, filled: false, references: ['u', 's.v'] }],
  ],
  [
    'CREATE TABLE t AS SELECT 1',
    [{ does: 'create-table', table: 't', if_not_exists: false, filled: true, references: [] }],
  ],
  ['REVOKE INSERT ON t FROM app', [{ does: 'restrict-access', table: 't', by: 'revoke' }]],
  ['ALTER TABLE t ENABLE ROW LEVEL SECURITY', [{ does: 'restrict-access', table: 't', by: 'row-security' }]],
  ['DO $$ BEGIN END $$', [{ does: 'run-code', by: 'DO' }]],
  ['SELECT s.f(1)', [{ does: 'run-code', by: 's.f' }]],
  ['SELECT a FROM t', []],
  [
    "SET LOCAL lock_timeout = '1.5s'",
    [{ does: 'set-timeout', setting: 'lock_timeout', timeout_ms: 1500, local: true }],
  ],
  [
    'SET statement_timeout TO 500',
    [{ does: 'set-timeout', setting: 'statement_timeout', timeout_ms: 500, local: false }],
  ],
  ['RESET lock_timeout', [{ does: 'set-timeout', setting: 'lock_timeout', timeout_ms: 0, local: false }]],
  ['SET work_mem = 1', []],
])('%s', async ([sql, does]) => {
  expect(await meanings(sql)).toEqual(does);
});

test.for<[column: string, expected: Partial<Meaning>]>([
  ['a int', { default: 'none', not_null: false }],
  ['a int DEFAULT NULL', { default: 'none' }],
  ['a int NOT NULL DEFAULT 5', { default: 'constant', not_null: true, default_sql: '5' }],
  ['a timestamptz DEFAULT now()', { default: 'constant' }],
  ['a timestamptz DEFAULT CURRENT_TIMESTAMP', { default: 'constant' }],
  ["a text DEFAULT 'x' || 'y'", { default: 'constant' }],
  ['a timestamptz DEFAULT clock_timestamp()', { default: 'volatile' }],
  ['a text DEFAULT md5(random()::text)', { default: 'volatile' }],
  ['a uuid DEFAULT gen_random_uuid()', { default: 'volatile' }],
  ['a int DEFAULT my_number()', { default: 'unknown' }],
  ['a serial', { default: 'volatile', not_null: true, generated: 'serial' }],
  ['a int GENERATED ALWAYS AS IDENTITY', { default: 'volatile', not_null: true, generated: 'identity' }],
  [
    'a int GENERATED ALWAYS AS (b + 1) STORED',
    { default: 'none', generated: 'stored', generated_sql: 'b + 1' },
  ],
  ['a int GENERATED ALWAYS AS (b + 1) VIRTUAL', { generated: 'virtual' }],
])('ADD COLUMN %s', async ([column, expected]) => {
  const [added] = await meanings(`ALTER TABLE t ADD COLUMN ${column}`);
  expect(added).toMatchObject({ does: 'add-column', table: 't', column: 'a', ...expected });
});

test.for<[constraint: string, expected: Partial<Meaning>]>([
  ['CONSTRAINT c CHECK (a > 0)', { type: 'check', constraint: 'c', not_valid: false, columns: [] }],
  ['CONSTRAINT c CHECK (a > 0) NOT VALID', { type: 'check', not_valid: true }],
  ['FOREIGN KEY (a, b) REFERENCES s.u', { type: 'foreign-key', columns: ['a', 'b'], references: 's.u' }],
  ['UNIQUE (a, "B")', { type: 'unique', columns: ['a', '"B"'], using_index: false }],
  ['CONSTRAINT c PRIMARY KEY USING INDEX i', { type: 'primary-key', using_index: true }],
  ['EXCLUDE USING gist (a WITH &&)', { type: 'exclusion' }],
  ['CONSTRAINT n NOT NULL a NOT VALID', { type: 'not-null', columns: ['a'], not_valid: true }],
])('ADD %s', async ([constraint, expected]) => {
  const [added] = await meanings(`ALTER TABLE t ADD ${constraint}`);
  expect(added).toMatchObject({ does: 'add-constraint', table: 't', ...expected });
});

test('what stands behind a column that is added is a constraint of the table', async () => {
  const added = await meanings('ALTER TABLE t ADD COLUMN a int REFERENCES u (id) UNIQUE CHECK (a > 0)');
  expect(added.map(({ does, ...rest }) => [does, 'definition' in rest ? rest.definition : ''])).toEqual([
    ['add-column', 'a int REFERENCES u (id) UNIQUE CHECK (a > 0)'],
    ['add-constraint', 'FOREIGN KEY (a) REFERENCES u (id)'],
    ['add-constraint', 'UNIQUE (a)'],
    ['add-constraint', 'CHECK (a > 0)'],
  ]);
});

test.for<[text: string, expected: number | undefined]>([
  ['500', 500],
  ['5s', 5000],
  ['1 min', 60_000],
  ['250us', 0.25],
  ['2h', 7_200_000],
  ['soon', undefined],
  ['5 weeks', undefined],
])('a timeout of %j', ([text, expected]) => {
  expect(timeoutMs(text)).toBe(expected);
});
