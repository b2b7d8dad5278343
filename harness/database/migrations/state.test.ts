import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MettleError, UsageError } from '#harness/core/errors.ts';
import { askBy } from '../ask.ts';
import { openClient } from '../server/client.ts';
import { startSmallServer } from '../testing/small-server.ts';
import { historyOf } from './history.ts';
import { readMigrations } from './read.ts';
import { createHistorySql, markSql, readState, requireLinear, unmarkSql } from './state.ts';
import { folderWith } from './testing/folder.ts';
import { names } from './testing/told.ts';
import type { MigrationSet } from './types.ts';

const held = new AsyncDisposableStack();
let client: pg.Client;
beforeAll(async () => {
  const server = held.use(await startSmallServer());
  client = held.use(await openClient(held.use(await server.create()).address));
});
afterAll(async () => {
  await held.disposeAsync();
});

const TABLE = 'SELECT 1;';

const FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'golang-migrate': { '01_a.up.sql': TABLE, '02_b.up.sql': TABLE, '10_c.up.sql': TABLE },
  dbmate: {
    '20240101_a.sql': `-- migrate:up\n${TABLE}`,
    '20240102_b.sql': `-- migrate:up\n${TABLE}`,
    '20240103_c.sql': `-- migrate:up\n${TABLE}`,
  },
  diesel: {
    '2024-01-01-000000_a/up.sql': TABLE,
    '2024-01-02-000000_b/up.sql': TABLE,
    '2024-01-03-000000_c/up.sql': TABLE,
  },
  'node-pg-migrate': {
    '1_a.sql': `-- Up Migration\n${TABLE}`,
    '2_b.sql': `-- Up Migration\n${TABLE}`,
    '3_c.sql': `-- Up Migration\n${TABLE}`,
  },
  prisma: {
    'migration_lock.toml': 'provider = "postgresql"',
    '1_a/migration.sql': TABLE,
    '2_b/migration.sql': TABLE,
    '3_c/migration.sql': TABLE,
  },
  drizzle: {
    'meta/_journal.json': JSON.stringify({
      dialect: 'postgresql',
      entries: ['0000_a', '0001_b', '0002_c'].map((tag, idx) => ({ idx, when: idx, tag })),
    }),
    '0000_a.sql': 'SELECT 1;',
    '0001_b.sql': 'SELECT 2;',
    '0002_c.sql': 'SELECT 3;',
  },
  flyway: { 'V1__a.sql': TABLE, 'V1_2_0__b.sql': TABLE, 'R__c.sql': TABLE },
};

async function setOf(tool: string): Promise<MigrationSet> {
  await using folder = await folderWith(FILES[tool] ?? {});
  return await readMigrations(folder.path);
}

/** Whatever is written is taken back. */
async function rolledBack<Value>(work: () => Promise<Value>): Promise<Value> {
  await client.query('BEGIN');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

describe.for(Object.keys(FILES))('%s', (tool) => {
  test('nothing was run where the table of the tool is not there', async () => {
    const set = await setOf(tool);
    const state = await readState(askBy(client), set);
    expect(state).toEqual({ applied: [], pending: set.migrations, unknown: [] });
  });

  test('what is marked after each run is found, and is gone when it was taken back', async () => {
    const set = await setOf(tool);
    const all = set.migrations.map(({ name }) => name);
    expect(set.tool).toBe(tool);
    await rolledBack(async () => {
      await client.query(createHistorySql(set) ?? '');
      expect(names(await readState(askBy(client), set))).toEqual([[], all]);
      for (const migration of set.migrations.slice(0, 2)) await client.query(markSql(migration) ?? '');
      const state = await readState(askBy(client), set);
      expect(names(state)).toEqual([all.slice(0, 2), all.slice(2)]);
      expect(() => requireLinear(state, set)).not.toThrow();
      const [, second] = set.migrations;
      if (second === undefined) throw new Error('no second one');
      await client.query(unmarkSql(second, set) ?? '');
      expect(names(await readState(askBy(client), set))).toEqual([all.slice(0, 1), all.slice(1)]);
    });
  });

  test('one that was run and is not there, and one that is due before one that was run, are no linear history', async () => {
    const set = await setOf(tool);
    await rolledBack(async () => {
      await client.query(createHistorySql(set) ?? '');
      for (const migration of set.migrations.slice(0, 2)) await client.query(markSql(migration) ?? '');
      const gone = { ...set, migrations: set.migrations.toSpliced(1, 1) };
      const state = await readState(askBy(client), gone);
      expect(state.unknown).toHaveLength(1);
      expect(() => requireLinear(state, gone)).toThrow(/has no file of it$/);
    });
  });
});

test('a migration that stands before one that was run is refused by name', async () => {
  const set = await setOf('diesel');
  const [first, second, third] = set.migrations;
  if (first === undefined || second === undefined || third === undefined) throw new Error('not three');
  const state = { table: 't', applied: [first, third], pending: [second], unknown: [] };
  expect(() => requireLinear(state, set)).toThrow(
    /2024-01-02-000000_b\/up\.sql was not run, but 2024-01-03-000000_c, which comes after it, was$/,
  );
});

test('golang-migrate that broke off is told, as the tool does', async () => {
  const set = await setOf('golang-migrate');
  const refused = rolledBack(async () => {
    await client.query(`${createHistorySql(set)} INSERT INTO schema_migrations VALUES (2, true)`);
    return readState(askBy(client), set);
  });
  await expect(refused).rejects.toThrow(MettleError);
  await expect(refused).rejects.toThrow('version 2 broke off');
});

test('what node-pg-migrate itself has run is found', async () => {
  await using folder = await folderWith({
    '1_a.sql': '-- Up Migration\nCREATE TABLE by_tool (a int);\n-- Down Migration\nDROP TABLE by_tool;',
    '1700000000000_b.js': `export const up = (pgm) => pgm.addColumn('by_tool', { b: 'text' });`,
    '20240101000000000_c.sql': `-- Up Migration\n${TABLE}`,
  });
  const set = await readMigrations(folder.path);
  await runner({
    dbClient: client,
    dir: folder.path,
    migrationsTable: 'pgmigrations',
    direction: 'up',
    count: 2,
    log: () => {},
  });
  const [first, second, third] = set.migrations.map(({ name }) => name);
  expect(names(await readState(askBy(client), set))).toEqual([[first, second], [third]]);
  await client.query('DROP TABLE by_tool, pgmigrations');
});

test('what pgroll has completed is found, and nothing that it started or only took note of', async () => {
  const operation = JSON.stringify({ operations: [{ sql: { up: 'SELECT 1' } }] });
  await using folder = await folderWith({ '01_a.json': operation, '02_b.json': operation });
  const set = await readMigrations(folder.path);
  await rolledBack(async () => {
    await client.query(`CREATE SCHEMA pgroll;
      CREATE TABLE pgroll.migrations (name text, done boolean, migration_type text);
      INSERT INTO pgroll.migrations VALUES ('sql_1', true, 'inferred'), ('01_a', true, 'pgroll'), ('02_b', false, 'pgroll')`);
    const state = await readState(askBy(client), set);
    expect(names(state)).toEqual([['01_a'], ['02_b']]);
    expect(() => requireLinear(state, set)).not.toThrow();
  });
});

/** The table of the tool with its first migration, in a schema that nothing looks into unasked. */
async function moveTo(schema: string, set: MigrationSet): Promise<void> {
  const [first] = set.migrations;
  if (first === undefined) throw new Error('none');
  await client.query(`${createHistorySql(set) ?? ''} ${markSql(first) ?? ''}`);
  const table = historyOf(set.tool)?.table ?? '';
  await client.query(`CREATE SCHEMA "${schema}"; ALTER TABLE ${table} SET SCHEMA "${schema}"`);
}

describe.for(['flyway', 'golang-migrate', 'dbmate', 'drizzle', 'prisma'])('the table of %s', (tool) => {
  test('is found in any schema', async () => {
    const set = await setOf(tool);
    await rolledBack(async () => {
      await moveTo('My shop', set);
      const state = await readState(askBy(client), set);
      expect(state.table).toMatch(/^"My shop"\./);
      expect(names(state)[0]).toEqual(set.migrations.slice(0, 1).map(({ name }) => name));
    });
  });

  test('is not guessed where there are two', async () => {
    const set = await setOf(tool);
    const refused = rolledBack(async () => {
      await moveTo('a', set);
      await moveTo('b', set);
      return await readState(askBy(client), set);
    });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/: a\.\w+, b\.\w+$/);
  });
});

test('the table that the search path leads to goes before those of others', async () => {
  const set = await setOf('golang-migrate');
  await rolledBack(async () => {
    await moveTo('auth', set);
    await client.query(`${createHistorySql(set) ?? ''} INSERT INTO schema_migrations VALUES (2, false)`);
    const state = await readState(askBy(client), set);
    expect(state.table).toBe('public.schema_migrations');
    expect(names(state)).toEqual([['01_a', '02_b'], ['10_c']]);
  });
});

test('a file by itself is due wherever the history stands, unless it was run', async () => {
  await using folder = await folderWith(FILES['golang-migrate'] ?? {});
  const only = await readMigrations(`${folder.path}/./02_b.up.sql`);
  for (const [version, is_due] of [
    [1, true],
    [2, false],
    [77, false],
  ] as const) {
    await rolledBack(async () => {
      await client.query(
        `${createHistorySql(only)} INSERT INTO schema_migrations VALUES (${version}, false)`,
      );
      const state = await readState(askBy(client), only);
      expect(() => requireLinear(state, only)).not.toThrow();
      expect(state.pending).toHaveLength(is_due ? 1 : 0);
    });
  }
});
