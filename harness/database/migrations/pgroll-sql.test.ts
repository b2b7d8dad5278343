import { expect, test } from 'vitest';
import type { LoggedStatement } from '../server/statement-log.ts';
import { migrationSql } from './pgroll-sql.ts';

/** What is kept of them. */
async function texts(...all: readonly string[]): Promise<readonly string[]> {
  const sent = all.map((sql): LoggedStatement => ({ sql, has_parameters: false }));
  const { statements } = await migrationSql('a.yaml (as SQL)', sent);
  return statements.map(({ text }) => text);
}

const FILL = `WITH batch AS (SELECT id FROM t LIMIT 10 FOR NO KEY UPDATE), update AS (UPDATE t SET id = t.id FROM batch
  WHERE t.id = batch.id RETURNING t.id) SELECT last_value(id) OVER () FROM update`;

test('looking around and settings of the session are left out', async () => {
  expect(
    await texts(
      ';',
      'SET lock_timeout TO 500',
      'SHOW lock_timeout',
      'WITH a AS (SELECT 1) SELECT count(*) FROM a',
      'ALTER TABLE t ADD a int;',
    ),
  ).toEqual(['ALTER TABLE t ADD a int']);
});

test('rows are filled in by a query, and the batch that finds none on an empty database is kept', async () => {
  expect(await texts('BEGIN READ WRITE', FILL, 'ROLLBACK')).toEqual(['BEGIN READ WRITE', FILL, 'COMMIT']);
});

test('a transaction in which nothing is left goes as a whole', async () => {
  expect(await texts('BEGIN', 'SELECT 1', 'COMMIT', 'begin', 'ROLLBACK', 'DROP TABLE t')).toEqual([
    'DROP TABLE t',
  ]);
});

test('several statements that were sent at once stay together', async () => {
  expect(await texts('BEGIN; DROP VIEW v; CREATE VIEW v AS SELECT 1;  COMMIT')).toEqual([
    'BEGIN',
    'DROP VIEW v',
    'CREATE VIEW v AS SELECT 1',
    'COMMIT',
  ]);
});

test('a change whose values are not in its text is refused; a query with such is not needed', async () => {
  const insert = { sql: 'INSERT INTO t VALUES ($1)', has_parameters: true };
  await expect(migrationSql('a.yaml', [insert])).rejects.toThrow('with parameters for a.yaml: INSERT');
  const query = { sql: 'SELECT FROM t WHERE a = $1', has_parameters: true };
  expect((await migrationSql('a.yaml', [query])).statements).toEqual([]);
});
