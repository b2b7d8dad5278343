/** What the guard measures, held against what is known: for how long a lock was held, and which rows were taken away. */
import { openClient } from '#harness/database/server/client.ts';
import { takeSnapshot } from '#harness/database/guard/content.ts';
import { underLoad } from '#harness/database/guard/under-load.ts';
import { readSql } from '#harness/database/sql/read.ts';
import { startServer } from '#harness/database/server/start.ts';
import type { ScratchDatabase, ScratchServer } from '#harness/database/server/types.ts';
import { readSqlRelease } from '#harness/database/workload/read-sql.ts';
import type { GuardRow } from './row.ts';

const ROWS = 10_000;
/** In ms. */
const HELD_FOR = [30, 100, 300, 700, 1500] as const;
const SLACK_MS = 20;
const SLACK_SHARE = 0.1;
/** Rows that are deleted, and other ones of which a value is changed or emptied. */
const LOSSES = [1, 37, 1000, 9999] as const;

const MADE = `
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, note text);
INSERT INTO users SELECT g, 'name ' || g, 'note ' || g FROM generate_series(1, ${ROWS}) g;
CREATE TABLE truth (at timestamptz);
`;

const RELEASE = `
-- name: find weight: 2
-- param id: sample users.id
SELECT id, name FROM users WHERE id = :id;
-- name: touch weight: 2
-- param id: sample users.id
UPDATE users SET note = 'touched' WHERE id = :id;
`;

/** A script of SQL that knows nothing of the guard; the server's own clock tells for how long it held the lock. */
function holder(for_ms: number): string {
  return `BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE; INSERT INTO truth VALUES (clock_timestamp());
    SELECT pg_sleep(${for_ms / 1000}); INSERT INTO truth VALUES (clock_timestamp()); COMMIT`;
}

/** How far the longest wait that was measured is from the truth, as a share of what may be. */
async function waitOff(
  server: ScratchServer,
  template: ScratchDatabase,
  for_ms: number,
): Promise<{ off: number; told: string }> {
  await using database = await server.create({ template });
  const { address } = database;
  const { readers, writers } = await underLoad({
    address,
    migration: { up: await readSql('holder.sql', holder(for_ms)), in_transaction: false },
    old: await readSqlRelease('release.sql', RELEASE),
    rate_per_s: 300,
    seed: 1,
  });
  await using client = await openClient(address);
  const { rows } = await client.query<{ held_ms: string }>(
    'SELECT extract(epoch FROM max(at) - min(at)) * 1000 AS held_ms FROM truth',
  );
  const held_ms = Number(rows[0]?.held_ms);
  const off_ms = Math.max(...[readers, writers].map(({ longest_ms }) => Math.abs(longest_ms - held_ms)));
  return {
    off: off_ms / Math.max(SLACK_MS, held_ms * SLACK_SHARE),
    told: `${held_ms.toFixed(0)} ms: ${off_ms.toFixed(1)} ms off`,
  };
}

/** Rows and values that are not counted exactly. */
async function lossesOff(server: ScratchServer, template: ScratchDatabase, count: number): Promise<number> {
  await using database = await server.create({ template });
  const { address } = database;
  await using kept = await takeSnapshot(address);
  await using client = await openClient(address);
  const others = ROWS - count;
  const [changed, nulled] = [Math.ceil(others / 3), Math.floor(others / 3)];
  // Whose rows they are is left to chance; how many is not.
  await client.query(`CREATE TEMPORARY TABLE fate AS SELECT id, row_number() OVER (ORDER BY random()) AS place FROM users;
    DELETE FROM users USING fate WHERE fate.id = users.id AND place <= ${count};
    UPDATE users SET name = left(name, 4) FROM fate WHERE fate.id = users.id AND place > ${count} AND place <= ${count + changed};
    UPDATE users SET note = NULL FROM fate WHERE fate.id = users.id AND place > ${ROWS - nulled}`);
  const found = (await kept.compare()).tables.find(({ table }) => table === 'public.users');
  const fateOf = (name: string) => found?.columns.find(({ column }) => column === name);
  return (
    Math.abs((found?.rows_lost ?? 0) - count) +
    Math.abs((fateOf('name')?.truncated ?? 0) - changed) +
    Math.abs((fateOf('note')?.nulled ?? 0) - nulled)
  );
}

/** Blocked time against a scripted holder of a lock, and losses against what was taken away. */
export async function benchAccuracy(): Promise<readonly GuardRow[]> {
  const { signal } = new AbortController();
  await using server = await startServer({ engine: 'embedded', signal });
  await using template = await server.create();
  {
    await using client = await openClient(template.address);
    await client.query(MADE);
  }
  const waits: { readonly off: number; readonly told: string }[] = [];
  for (const for_ms of HELD_FOR) waits.push(await waitOff(server, template, for_ms));
  let wrong = 0;
  for (const count of LOSSES) wrong += await lossesOff(server, template, count);
  return [
    {
      what: `blocked time against a scripted holder of a lock (held ${waits.map(({ told }) => told).join('; ')})`,
      budget: '<= 10 % or 20 ms off',
      measured: `${(Math.max(...waits.map(({ off }) => off)) * 100).toFixed(0)} % of what may be off`,
      kept: waits.every(({ off }) => off <= 1),
    },
    {
      what: `rows lost, values cut off and nulled, ${LOSSES.length} times among ${ROWS.toLocaleString('en-GB')} rows`,
      budget: 'exact',
      measured: `${wrong} miscounted`,
      kept: wrong === 0,
    },
  ];
}
