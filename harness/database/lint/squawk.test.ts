import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import type { LintFinding } from '#harness/core/guard/facts.ts';
import { readSql } from '../sql/read.ts';
import type { Migration } from '../migrations/types.ts';
import { lintMigrations } from './squawk.ts';

async function migration(name: string, sql: string, in_transaction = true): Promise<Migration> {
  return { name, tool: 'sql', up: await readSql(`${name}.sql`, sql), in_transaction };
}

const options = { pg_version: '18.4' };

function told(findings: readonly LintFinding[], rule: string): readonly unknown[] {
  return findings
    .filter((finding) => finding.rule === rule)
    .map(({ migration: of, statement, position: { file, line, column } }) => [
      of,
      statement,
      file,
      line,
      column,
    ]);
}

test('each finding names its migration, its statement and its place in characters', async () => {
  const { tool, version, findings } = await lintMigrations(
    [
      await migration(
        'first',
        `SELECT 'üü😀'; DROP TABLE t;\n\n-- why ü\nALTER TABLE "ü" RENAME COLUMN a TO b;`,
      ),
      await migration('second', 'SELECT 1;\nDROP TABLE u;'),
    ],
    options,
  );
  expect([tool, version]).toEqual(['squawk', '2.66.0']);
  expect(told(findings, 'ban-drop-table')).toEqual([
    ['first', 1, 'first.sql', 1, 15],
    ['second', 1, 'second.sql', 2, 1],
  ]);
  expect(told(findings, 'renaming-column')).toEqual([['first', 2, 'first.sql', 4, 17]]);
  expect(findings.find(({ rule }) => rule === 'ban-drop-table')).toMatchObject({
    level: 'warning',
    message: 'Dropping a table may break existing clients.',
  });
});

test('whether a tool wraps the file in a transaction changes what is said', async () => {
  const sql = 'SELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);';
  const rule = 'ban-concurrent-index-creation-in-transaction';
  const { findings } = await lintMigrations(
    [await migration('within', sql, true), await migration('without', sql, false)],
    options,
  );
  expect(told(findings, rule)).toEqual([['within', 1, 'within.sql', 2, 14]]);
});

test('the version of the server is passed on', async () => {
  const files = [await migration('a', 'ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 1;')];
  const rulesAt = async (pg_version: string): Promise<readonly string[]> =>
    (await lintMigrations(files, { pg_version })).findings.map(({ rule }) => rule);
  expect(await rulesAt('10.1')).toContain('adding-field-with-default');
  expect(await rulesAt('18.4')).not.toContain('adding-field-with-default');
});

test('nothing to say is no finding; no migration needs no run', async () => {
  expect((await lintMigrations([await migration('a', 'SELECT 1;')], options)).findings).toEqual([]);
  expect((await lintMigrations([], options)).findings).toEqual([]);
});

/** Folders of the linter in the place for temporary files. */
function left(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('mettle-lint-'));
}

test('no file is left behind, not even when it is stopped', async () => {
  const before = left();
  await lintMigrations([await migration('a', 'DROP TABLE t;')], options);
  await expect(
    lintMigrations([await migration('a', 'DROP TABLE t;')], {
      ...options,
      signal: AbortSignal.abort(new Error('stopped')),
    }),
  ).rejects.toThrow('stopped');
  expect(left().filter((name) => !before.includes(name))).toEqual([]);
});

test('comments for the linter in the file count', async () => {
  const { findings } = await lintMigrations(
    [await migration('a', '-- squawk-ignore ban-drop-table\nDROP TABLE t;')],
    options,
  );
  expect(told(findings, 'ban-drop-table')).toEqual([]);
});
