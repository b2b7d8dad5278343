import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askBy } from '../ask.ts';
import { openClient } from '../server/client.ts';
import { startSmallServer } from '../testing/small-server.ts';
import { flywayChecksum } from './flyway-history.ts';
import { readMigrations } from './read.ts';
import { createHistorySql, type MigrationState, readState, requireLinear } from './state.ts';
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

const VIEW = 'CREATE OR REPLACE VIEW v AS SELECT 1;';
const PROJECT = { 'V1__a.sql': TABLE, 'V1.5__b.sql': TABLE, 'V2__c.sql': TABLE, 'R__v.sql': VIEW };

/** State of a database whose table has these rows: type, version, description, checksum. */
async function stateAfter(
  files: Readonly<Record<string, string>>,
  ...rows: readonly (readonly [string, string | null, string, number | null])[]
): Promise<MigrationState & { readonly set: MigrationSet }> {
  await using folder = await folderWith(files);
  const set = await readMigrations(folder.path);
  await client.query('BEGIN');
  try {
    await client.query(createHistorySql(set) ?? '');
    for (const [index, [type, version, description, checksum]] of rows.entries()) {
      await client.query(
        `INSERT INTO flyway_schema_history (installed_rank, type, version, description, checksum, script, installed_by, execution_time, success)
           VALUES ($1, $2, $3, $4, $5, '', '', 0, true)`,
        [index, type, version, description, checksum],
      );
    }
    return { ...(await readState(askBy(client), set)), set };
  } finally {
    await client.query('ROLLBACK');
  }
}

test.each(['BASELINE', 'SQL_BASELINE'])(
  'a row of %s stands for all versions up to its own, none of which needs a file',
  async (type) => {
    const state = await stateAfter(PROJECT, ['SQL', '0.9', 'gone', 0], [type, '1.5.0', 'start', null]);
    expect(names(state)).toEqual([
      ['V1__a', 'V1.5__b'],
      ['V2__c', 'R__v'],
    ]);
    expect(() => requireLinear(state, state.set)).not.toThrow();
    const without = await stateAfter({ 'V2__c.sql': TABLE }, [type, '1.10', 'start', null]);
    expect(names(without)).toEqual([[], ['V2__c']]);
    expect(() => requireLinear(without, without.set)).not.toThrow();
    const more = await stateAfter(PROJECT, [type, '1.5', 'start', null], ['SQL', '1.7', 'gone', 0]);
    expect(() => requireLinear(more, more.set)).toThrow(/has 1\.7, but/);
  },
);

test.each(['UNDO_SQL', 'DELETE'])('the newest row of a version decides: after %s it is due', async (type) => {
  const run = [
    ['SQL', '1', 'a', 0],
    ['SQL', '1.5', 'b', 0],
  ] as const;
  const undone = [...run, [type, '1.5.0', 'b', 0]] as const;
  expect(names(await stateAfter(PROJECT, ...undone))).toEqual([['V1__a'], ['V1.5__b', 'V2__c', 'R__v']]);
  expect(names(await stateAfter(PROJECT, ...undone, ['SQL', '1.5', 'b', 0]))).toEqual([
    ['V1__a', 'V1.5__b'],
    ['V2__c', 'R__v'],
  ]);
});

test('a repeatable migration is due again when its text is another one than when it was last run', async () => {
  const versions = ['1', '1.5', '2'].map((version) => ['SQL', version, '', 0] as const);
  const same = await stateAfter(
    PROJECT,
    ...versions,
    ['SQL', null, 'v', 7],
    ['SQL', null, 'v', flywayChecksum(VIEW)],
  );
  expect(names(same)[1]).toEqual([]);
  const other = await stateAfter(
    PROJECT,
    ...versions,
    ['SQL', null, 'v', flywayChecksum(VIEW)],
    ['SQL', null, 'v', 7],
  );
  expect(names(other)[1]).toEqual(['R__v']);
  expect(() => requireLinear(other, other.set)).not.toThrow();
  const gone = await stateAfter({ 'V1__a.sql': TABLE }, ['SQL', '1', 'a', 0], ['SQL', null, 'v', 7]);
  expect(() => requireLinear(gone, gone.set)).toThrow(/has R v, but/);
});

test('the checksum of Flyway counts lines without their ends', () => {
  expect(flywayChecksum('SELECT 1;\nSELECT 2;')).toBe(flywayChecksum('\u{FEFF}SELECT 1;\r\nSELECT 2;'));
  expect(flywayChecksum('123456789')).toBe(0xcbf43926 | 0);
});
