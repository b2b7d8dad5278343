import { expect, test } from 'vitest';
import { openClient } from './client.ts';
import { startServer } from './start.ts';
import { logStatements, StatementLog, statementsDuring } from './statement-log.ts';

test('what a client sends is found as it was sent, and nothing that others send', async () => {
  const log = new StatementLog();
  await using server = await startServer({
    engine: 'embedded',
    small: true,
    signal: new AbortController().signal,
    onLog: (line) => {
      log.take(line);
    },
  });
  await using database = await server.create();
  await logStatements(database.address);
  const long = `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$
    -- ${'a long line '.repeat(200)}
\tSELECT 'LOG:  statement: none'
  $$`;
  const sent = await statementsDuring(log, database.address, 'watched', async () => {
    await using watched = await openClient(database.address);
    await using other = await openClient(database.address);
    await watched.query('SET application_name = watched');
    await other.query('SELECT 0');
    await watched.query(long);
    await watched.query('SELECT $1::text', ["it's\none"]);
    await watched.query('BEGIN; CREATE TABLE t (a int); COMMIT');
    await expect(watched.query('SELECT none')).rejects.toThrow('none');
  });
  expect(sent).toEqual([
    { sql: long, has_parameters: false },
    { sql: 'SELECT $1::text', has_parameters: true },
    { sql: 'BEGIN; CREATE TABLE t (a int); COMMIT', has_parameters: false },
    { sql: 'SELECT none', has_parameters: false },
  ]);
});
