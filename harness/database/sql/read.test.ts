import { array, assert, constantFrom, asyncProperty, string as anyString, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { parseSql, readSql } from './read.ts';
import { placed } from './text.ts';

async function refusal(text: string): Promise<UsageError> {
  try {
    await readSql('up.sql', text);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`it parsed: ${text}`);
}

describe('where statements stand', () => {
  test('line and column count characters, whatever bytes they take', async () => {
    const { statements } = await readSql(
      'up.sql',
      `-- Grüße 日本 😀\nSELECT 'ü😀' ;\n\n /* x */ ALTER TABLE "übér" ADD COLUMN a int; ; SELECT 1 -- end`,
    );
    expect(
      statements.map(({ index, text, position }) => [index, text, position.line, position.column]),
    ).toEqual([
      [0, `SELECT 'ü😀'`, 2, 1],
      [1, 'ALTER TABLE "übér" ADD COLUMN a int', 4, 10],
      [2, 'SELECT 1', 4, 49],
    ]);
  });

  const statement = constantFrom(
    'SELECT 1',
    `SELECT 'ü;''😀' AS "a;b"`,
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; -- ; $$ ü\n$body$',
    'DO $$ BEGIN\n  PERFORM 1;\nEND $$',
    'ALTER TABLE "日本"."t;" ADD COLUMN "ü" text DEFAULT E\'\\\';\'',
    'INSERT INTO t VALUES (1, /* ; */ 2)\n  -- ;\n, (3, 4)',
    "SELECT U&'\\00fc'",
  );
  const gap = constantFrom(
    '',
    ' ',
    '\n',
    '\r\n',
    '-- ü; no statement 😀\n',
    '/* ;\n/* nested */ 日本 */',
    ';',
    '\n\n\t',
  );

  test('of a text made of statements the statements are found again, each where it was put', async () => {
    await assert(
      asyncProperty(array(tuple(gap, statement, gap), { maxLength: 8 }), gap, async (parts, last) => {
        let text = '';
        const expected: { readonly text: string; readonly at: number }[] = [];
        for (const [before, sql, after] of parts) {
          text += `${before}\n`;
          expected.push({ text: sql, at: text.length });
          text += `${sql}${after};`;
        }
        text += last;
        const { statements } = await readSql('up.sql', text);
        const source = placed(text);
        // What stands between a statement and its semicolon, a comment at most, belongs to it.
        expect(statements.map((one) => one.text.startsWith(expected[one.index]?.text ?? '?'))).toEqual(
          expected.map(() => true),
        );
        expect(statements.map(({ position: { line, column } }) => ({ line, column }))).toEqual(
          expected.map(({ at }) => source.placeOfIndex(at)),
        );
      }),
      { numRuns: 150 },
    );
  });

  test('a place is the same whether it is counted in bytes, characters or units of the string', async () => {
    await assert(
      asyncProperty(
        anyString({ unit: 'grapheme', maxLength: 40 }),
        anyString({ unit: 'binary', maxLength: 40 }),
        async (before, after) => {
          const source = placed(`${before}${after}`.toWellFormed());
          const head = before.toWellFormed();
          const place = source.placeOfIndex(head.length);
          expect(source.placeOfByte(Buffer.byteLength(head))).toEqual(place);
          expect(source.placeOfCharacter(Array.from(head).length)).toEqual(place);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a byte order mark is skipped', async () => {
    const { statements } = await readSql('up.sql', '\u{FEFF}SELECT 1');
    expect(statements[0]?.position.column).toBe(1);
  });

  test.for(['', '  \n', '-- nothing', '/* nothing */ ;'])('no statement in %j', async (text) => {
    expect((await readSql('up.sql', text)).statements).toEqual([]);
  });
});

describe('what does not parse', () => {
  test.for<[text: string, message: string]>([
    ["SELECT 1;\n-- ü\nSELECT 'ü😀' frm frm", 'up.sql:3:17: syntax error at or near "frm"'],
    ["SELECT 'abc", `up.sql:1:8: unterminated quoted string at or near "'abc"`],
    ['CREATE TABLE a (', 'up.sql:1:17: syntax error at end of input'],
    [
      '\\set x 1\nSELECT 1',
      'up.sql:1:1: syntax error at or near "\\": `\\set` is a command of psql, which the server does not know',
    ],
    [
      'COPY a FROM stdin;\n1\tüx\n\\.\n',
      'up.sql:2:1: syntax error at or near "1": these look like the rows of a COPY ... FROM stdin, which only psql can read from a file',
    ],
    [
      'SELECT :limit',
      'up.sql:1:8: syntax error at or near ":": `:limit` looks like a variable of psql, which the server does not know',
    ],
    [
      'CREATE TABLE ${schema}.t (a int)',
      'up.sql:1:14: syntax error at or near "$": `${...}` looks like a placeholder that a tool fills in before it runs the file',
    ],
    ['SELECT \0 1', 'up.sql:1:8: a text of SQL cannot hold the character NUL'],
  ])('%j', async ([text, message]) => {
    expect((await refusal(text)).message).toBe(message);
  });

  test('a statement that is nested too deeply is no fault of the program, and the next one parses', async () => {
    const sum = Array.from({ length: 100_000 }, () => '1').join(' + ');
    expect((await refusal(`SELECT ${sum}`)).message).toBe(
      'up.sql is nested too deeply, or too long, to be parsed: Maximum call stack size exceeded',
    );
    expect((await readSql('up.sql', 'SELECT 1')).statements).toHaveLength(1);
  });

  test('what is meant for psql comes with the next step', async () => {
    expect((await refusal('\\set x 1')).next).toContain('take commands of psql out');
  });

  test('the tree of each statement is there for whoever asks', async () => {
    const { statements } = await parseSql('up.sql', 'SELECT 1');
    expect(Object.keys(statements[0]?.node ?? {})).toEqual(['SelectStmt']);
  });
});

async function traits(sql: string): Promise<readonly [boolean, boolean, boolean]> {
  const [first] = (await readSql('up.sql', sql)).statements;
  if (first === undefined) throw new Error('no statement');
  return [first.needs_no_transaction, first.transaction_control, first.repeatable];
}

describe('traits', () => {
  test.for([
    'CREATE INDEX CONCURRENTLY i ON t (a)',
    'DROP INDEX CONCURRENTLY i',
    'REINDEX TABLE CONCURRENTLY t',
    'REINDEX (CONCURRENTLY) INDEX i',
    'REINDEX DATABASE d',
    'VACUUM t',
    'CLUSTER',
    'CREATE DATABASE d',
    'DROP DATABASE d',
    'ALTER SYSTEM SET work_mem = 1',
    'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    'ALTER DATABASE d SET TABLESPACE t',
    'DO $$ BEGIN LOOP UPDATE t SET a = 1; COMMIT; EXIT; END LOOP; END $$',
    "DO LANGUAGE plpgsql 'BEGIN rollback and chain; END'",
    'DO $$ plpy.commit() $$ LANGUAGE plpython3u',
  ])('no transaction may hold it: %s', async (sql) => {
    expect((await traits(sql))[0]).toBe(true);
  });

  test.for([
    'CREATE INDEX i ON t (a)',
    'REINDEX TABLE t',
    'ANALYZE t',
    'CLUSTER t USING i',
    'ALTER TABLE p DETACH PARTITION p1',
    "ALTER TYPE e ADD VALUE 'x'",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)",
    'ALTER DATABASE d SET work_mem = 1',
    'DO $$ BEGIN UPDATE t SET a = 1; END $$',
    "DO $$ BEGIN /* COMMIT; */ RAISE NOTICE 'commit;'; -- ROLLBACK;\n PERFORM 1; END $$",
    'DO $$ BEGIN UPDATE t SET commit = 1; PERFORM on_commit(); END $$',
    'CALL p()',
  ])('a transaction may hold it: %s', async (sql) => {
    expect((await traits(sql))[0]).toBe(false);
  });

  test.for(['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT a', 'START TRANSACTION'])(
    '%s controls the transaction',
    async (sql) => {
      expect((await traits(sql))[1]).toBe(true);
    },
  );

  test.for([
    'CREATE TABLE IF NOT EXISTS t (a int)',
    'DROP TABLE IF EXISTS t',
    'CREATE OR REPLACE VIEW v AS SELECT 1',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a int, ALTER COLUMN b SET NOT NULL',
    "ALTER TYPE e ADD VALUE IF NOT EXISTS 'x'",
    'SELECT a FROM t',
    "SET lock_timeout = '1s'",
    'CREATE INDEX IF NOT EXISTS i ON t (a)',
  ])('repeatable: %s', async (sql) => {
    expect((await traits(sql))[2]).toBe(true);
  });

  test.for([
    'CREATE TABLE t (a int)',
    'DROP TABLE t',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a int, ADD COLUMN b int',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)',
    'SELECT setval(1)',
    'UPDATE t SET a = a + 1',
    'INSERT INTO t VALUES (1)',
    'SELECT a INTO b FROM t',
  ])('not repeatable: %s', async (sql) => {
    expect((await traits(sql))[2]).toBe(false);
  });
});

describe('relations', () => {
  test.for<[sql: string, relations: readonly string[]]>([
    ['SELECT * FROM a JOIN s.b ON true WHERE EXISTS (SELECT FROM c)', ['public.a', 's.b', 'public.c']],
    ['WITH q AS (SELECT FROM a) SELECT * FROM q', ['public.a']],
    ['DROP TABLE a, s."B"', ['public.a', 's.B']],
    ['DROP INDEX i', []],
    ['DROP TRIGGER t1 ON s.a', ['s.a']],
    ['ALTER INDEX i RENAME TO j', []],
    ['ALTER TABLE a RENAME TO b', ['public.a']],
    ['ALTER SEQUENCE q RESTART', []],
    ['ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b', ['public.a', 'public.b']],
    ["COMMENT ON COLUMN s.a.c IS 'x'", ['s.a']],
    ['CREATE TEMP TABLE a AS SELECT * FROM b', ['pg_temp.a', 'public.b']],
    ['TRUNCATE a, b', ['public.a', 'public.b']],
    ['REINDEX INDEX i', []],
  ])('%s', async ([sql, relations]) => {
    expect((await readSql('up.sql', sql)).statements[0]?.relations.toSorted()).toEqual(relations.toSorted());
  });
});
