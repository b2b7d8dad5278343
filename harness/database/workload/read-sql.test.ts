import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { readSqlRelease } from './read-sql.ts';

const read = (text: string) => readSqlRelease('old.sql', text);

async function mistakeIn(text: string): Promise<string> {
  const error: unknown = await read(text).then(
    () => 'no mistake was found',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UsageError)) throw new Error(String(error));
  return `${error.message} ${error.next ?? ''}`;
}

describe('a release as a set of statements', () => {
  test('is read with names, weights and parameters', async () => {
    const { statements } = await read(`
-- what the shop asks
-- name: find_user  weight: 3
-- param id: sample Users.id
SELECT * FROM users WHERE id = :id::bigint AND ':not' <> 'x' -- :nor this
  AND parent = :id;
/* name: add */
-- prepare: no
-- param mail: text 3..40
INSERT INTO users (mail) VALUES (:mail);
`);
    expect(statements).toEqual([
      {
        name: 'find_user',
        steps: [{ text: expect.stringContaining('id = $1::bigint'), parameters: ['id'] }],
        weight: 0.75,
        reads_only: true,
        is_prepared: true,
        parameters: [{ name: 'id', draw: { kind: 'sample', table: '"users"', column: '"id"' } }],
      },
      {
        name: 'add',
        steps: [{ text: 'INSERT INTO users (mail) VALUES ($1)', parameters: ['mail'] }],
        weight: 0.25,
        reads_only: false,
        is_prepared: false,
        parameters: [{ name: 'mail', draw: { kind: 'text', from: 3, to: 40 } }],
      },
    ]);
    expect(statements[0]?.steps[0]?.text).toContain('AND parent = $1');
  });

  test('takes a transaction for one item, whose parameters are the same in all its steps', async () => {
    const { statements } = await read(`
-- param user: int 1..9
-- param cents: decimal 0.01..9.5
BEGIN;
UPDATE users SET n = n + 1 WHERE id = :user;
INSERT INTO orders (cents, user_id) VALUES (:cents, :user);
COMMIT;
SELECT 1`);
    expect(statements).toHaveLength(2);
    expect(statements[0]).toMatchObject({ name: 'statement_1', reads_only: false, weight: 0.5 });
    expect(statements[0]?.steps.map(({ text, parameters }) => [text, parameters])).toEqual([
      ['BEGIN', []],
      ['UPDATE users SET n = n + 1 WHERE id = $1', ['user']],
      ['INSERT INTO orders (cents, user_id) VALUES ($1, $2)', ['cents', 'user']],
      ['COMMIT', []],
    ]);
  });

  test.each([
    ['SELECT 1', true],
    ['WITH a AS (SELECT 1) SELECT * FROM a', true],
    ['BEGIN; SELECT 1; SELECT 2; COMMIT', true],
    ['SHOW work_mem', true],
    ['SELECT * FROM users FOR UPDATE', false],
    ['WITH a AS (DELETE FROM users RETURNING *) SELECT * FROM a', false],
    ['SELECT * INTO other FROM users', false],
    ['BEGIN; SELECT 1; DELETE FROM users; COMMIT', false],
    ['TRUNCATE users', false],
    ['CALL work()', false],
  ])('%s reads only: %s', async (text, reads_only) => {
    expect((await read(text)).statements[0]?.reads_only).toBe(reads_only);
  });

  test.each([
    ['sample shop.users.id', { kind: 'sample', table: '"shop"."users"', column: '"id"' }],
    ['sample "Shop"."Us ""ers".Id', { kind: 'sample', table: '"Shop"."Us ""ers"', column: '"id"' }],
    ['int -5..5', { kind: 'int', from: -5, to: 5 }],
    ['decimal 0.5..99.25', { kind: 'decimal', from: 0.5, to: 99.25, digits: 2 }],
    ['text 12', { kind: 'text', from: 12, to: 12 }],
    ['uuid', { kind: 'uuid' }],
    ['bool', { kind: 'bool' }],
    ["one of paid, 'on, hold', 'it''s'", { kind: 'one_of', values: ['paid', 'on, hold', "it's"] }],
    ['sequence', { kind: 'sequence', from: 0 }],
    ['sequence 1000', { kind: 'sequence', from: 999 }],
    ['sequence users.id', { kind: 'sequence', from: 0, table: '"users"', column: '"id"' }],
  ])('draws by `%s`', async (how, draw) => {
    const { statements } = await read(`-- param p: ${how}\nSELECT :p`);
    expect(statements[0]?.parameters).toEqual([{ name: 'p', draw }]);
  });

  test.each([
    ['SELECT 1;\nSELECT é FORM t', 'old.sql:2:15: syntax error'],
    ["SELECT 1;\n  SELECT 'abc", 'old.sql:2:10: unterminated quoted string'],
    ['SELECT\n é, :id', 'old.sql:2:5: nothing says how :id is drawn Write `-- param id: HOW`'],
    ['-- param customer: uuid\nSELECT :custmer', 'Did you mean `:customer`?'],
    ['-- param id: uuid\nSELECT 1', 'old.sql:2:1: the parameter :id is drawn and never used'],
    ['-- param id: uuid\n-- param id: bool\nSELECT :id', 'old.sql:2:3: the values of :id are said twice'],
    [
      '-- param id: smaple users.id\nSELECT :id',
      'old.sql:1:14: a value cannot be drawn by `smaple` Did you mean `sample',
    ],
    [
      '-- param id: int 9..1\nSELECT :id',
      'old.sql:1:14: `int 9..1` says not how a value is drawn Write `int FROM..TO`.',
    ],
    ['-- param id: sample users\nSELECT :id', 'Write `sample TABLE.COLUMN`.'],
    ["-- param id: one of 'a\nSELECT :id", 'says not how a value is drawn'],
    ['-- name: a weight: none\nSELECT 1', 'old.sql:1:12: `none` is no weight'],
    ['-- weight: -1\nSELECT 1', '`-1` is no weight'],
    ['-- name: 1a\nSELECT 1', '`1a` is no name'],
    ['-- name: a\nSELECT 1;\n-- name: a\nSELECT 2', 'old.sql:4:1: two statements are called a'],
    ['-- name: a\n-- name: b\nSELECT 1', 'old.sql:2:3: `name` is said twice'],
    [
      '-- wieght: 3\nSELECT 1',
      'old.sql:1:3: `wieght` is nothing that a workload knows Did you mean `weight`?',
    ],
    ['-- prepare: maybe\nSELECT 1', '`maybe` says not whether it is prepared'],
    ['-- name: a, weight: 3\nSELECT 1', '`a,` is no name'],
    ['SELECT $1', 'old.sql:1:8: $1 has no meaning in a workload'],
    ['BEGIN;\nSELECT 1', 'old.sql:1:1: the transaction never ends'],
    ['SELECT 1;\nCOMMIT', 'old.sql:2:1: there is no transaction to end'],
    ['BEGIN;\nBEGIN;\nCOMMIT', 'old.sql:2:1: a transaction begins within another one'],
    ['', 'old.sql:1:1: there is no statement in it'],
    ['-- nothing but this', 'there is no statement in it'],
  ])('says where the mistake is in %j', async (text, said) => {
    expect(await mistakeIn(text)).toContain(said);
  });

  test('of which there is no file names the file', async () => {
    await expect(readSqlRelease('/nowhere/old.sql')).rejects.toThrow('/nowhere/old.sql');
  });

  test('has weights that add up to one, whatever they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0.001, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 8 }),
        async (weights) => {
          const text = weights.map((weight) => `-- weight: ${weight}\nSELECT 1;\n`).join('');
          const { statements } = await read(text);
          const total = statements.reduce((sum, { weight }) => sum + weight, 0);
          expect(total).toBeCloseTo(1, 9);
        },
      ),
      { numRuns: 30 },
    );
  });
});
