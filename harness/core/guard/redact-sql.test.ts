import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactSql } from './redact-sql.ts';

describe('redactSql', () => {
  test.each([
    ["CREATE ROLE app LOGIN PASSWORD 'planted'"],
    ["ALTER ROLE app WITH ENCRYPTED PASSWORD E'it''s planted'"],
    ['ALTER ROLE app PASSWORD $$planted$$'],
    ['ALTER ROLE app PASSWORD $x$planted$x$'],
    ["CREATE SUBSCRIPTION s CONNECTION 'host=db password=planted' PUBLICATION p"],
    ["SELECT dblink('postgres://app:planted@db/shop', 'SELECT 1')"],
    ["CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password 'planted')"],
    ["DO $$BEGIN EXECUTE 'CREATE ROLE a PASSWORD ''planted'''; END$$"],
    ["DO $a$BEGIN EXECUTE $b$DO 'BEGIN EXECUTE ''CREATE ROLE a PASSWORD ''''planted'''''';END'$b$; END$a$"],
    ["DO $$BEGIN EXECUTE 'CREATE ROLE a PASSWORD ' || quote_literal('planted'); END$$"],
    ["DO $$BEGIN EXECUTE format('CREATE ROLE %I PASSWORD %L', 'a', 'planted'); END$$"],
    ["CREATE SUBSCRIPTION s CONNECTION 'host=db password=''planted''' PUBLICATION p"],
    [String.raw`CREATE SUBSCRIPTION s CONNECTION E'host=db password=\'planted\'' PUBLICATION p`],
    [String.raw`ALTER ROLE app PASSWORD E'a\'planted'`],
    [String.raw`ALTER ROLE app PASSWORD /* 'new' */ E'\\\'planted' VALID UNTIL '2030-01-01'`],
    ["-- ALTER ROLE app PASSWORD 'planted'"],
    ["/* it's /* b's */ don't */ ALTER ROLE app PASSWORD 'planted'"],
    ["/* a /* ALTER ROLE app PASSWORD 'planted'; */ */ SELECT 1"],
    ["ALTER ROLE app PASSWORD 'a'\n  'planted'"],
    ["SELECT set_up(password => 'it''s planted')"],
    ["UPDATE users SET password = 'a''planted'"],
    ["SELECT dblink('postgres://app:pla/planted@db/shop', 'SELECT 1')"],
  ])('%s', (sql) => {
    expect(redactSql(sql)).not.toContain('planted');
  });

  test.each([
    ['ALTER TABLE users ADD COLUMN password text NOT NULL'],
    ["ALTER TABLE users ADD COLUMN name text DEFAULT 'none'"],
    ['ALTER TABLE users DROP COLUMN password'],
    [String.raw`INSERT INTO labels VALUES ('password', 'Kennwort'), ('it''s', E'a\'b\n')`],
    ["CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ SELECT 'it''s -- ' || $$a'b$$ $f$"],
    ["-- it's\nSELECT 'password' AS \"a'b\", '' /* don't */"],
    ["/* a /* 'b' */ 'c' */ SELECT 1 -- 'd' $$"],
    ["ALTER ROLE app VALID UNTIL '2030-01-01'"],
  ])('%s stays', (sql) => {
    expect(redactSql(sql)).toBe(sql);
  });

  test('a text may be of many megabytes', () => {
    const text = 'x'.repeat(10_000_000);
    expect(redactSql(`SELECT '${text}', E'${text}', password = '${text}'`)).toHaveLength(
      `SELECT '${text}', E'${text}', password = [removed by mettle]`.length,
    );
  });

  test('a password goes, however it is quoted, and what stands after it stays', () => {
    const quoting = fc.constantFrom(
      (text: string) => `'${text.replaceAll("'", "''")}'`,
      (text: string) => `E'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`,
      (text: string) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
      (text: string) => `$deep$${text}$deep$`,
    );
    const password = fc
      .array(fc.constantFrom("'", '\\', ' ', '"', ';', '/', '@', '-', 'a', 'PLANTED'), { maxLength: 12 })
      .map((parts) => `${parts.join('')}PLANTED`);
    fc.assert(
      fc.property(password, quoting, quoting, (secret, inner, outer) => {
        const statement = `CREATE ROLE a PASSWORD ${inner(secret)} VALID UNTIL '2030-01-01'`;
        const nested = `DO ${outer(`BEGIN ${statement}; END`)}`;
        // A text with this tag cannot hold another one.
        fc.pre(nested.split('$deep$').length <= 3);
        for (const sql of [statement, nested]) {
          const result = redactSql(`${sql}; CREATE TABLE after_it (a int)`);
          expect(result).not.toContain('PLANTED');
          expect(result).toContain('; CREATE TABLE after_it (a int)');
          expect(result).toContain('2030-01-01');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
