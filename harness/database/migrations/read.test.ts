import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPlainPair } from './plain.ts';
import { readMigrations } from './read.ts';
import { folderWith } from './testing/folder.ts';
import { downs, read, refusal, told } from './testing/told.ts';

const TABLE = 'CREATE TABLE t (a int);';
const TWO = 'CREATE TABLE t (a int);\nCREATE TABLE u (a int);';
const CONCURRENTLY = 'CREATE INDEX CONCURRENTLY i ON t (a);';

describe('node-pg-migrate', () => {
  const CODE = `export const up = (pgm) => { pgm.createTable('users', { id: 'id', name: { type: 'text', notNull: true } }); };\n`;

  test('SQL with comments for both ways, and pairs of files', async () => {
    const set = await read({
      '1_a.sql': `-- Up Migration\n${TABLE}\n-- Down Migration\nDROP TABLE t;\n`,
      '2_b.js': `${CODE}export const down = false;`,
    });
    expect(set.tool).toBe('node-pg-migrate');
    expect(told(set)).toEqual([
      ['1_a', 1, 1, true],
      ['2_b', 1, undefined, true],
    ]);
  });

  test('code is made into SQL by the builder of the tool; without a down the way forward is turned round', async () => {
    const set = await read({
      '1700000000000_users.js': CODE,
      '20240101120000000_index.ts': `export function up(pgm: { noTransaction(): void; createIndex(...args: unknown[]): void }): void { pgm.noTransaction(); pgm.createIndex('users', 'name', { concurrently: true }); }`,
      '1800000000000_raw.cjs': `exports.up = (pgm) => { pgm.sql('SELECT 1'); };`,
    });
    expect(told(set)).toEqual([
      ['1700000000000_users', 1, 1, true],
      ['20240101120000000_index', 1, 1, false],
      ['1800000000000_raw', 1, undefined, true],
    ]);
    const [first] = set.migrations;
    expect(first?.up.statements[0]?.does[0]).toMatchObject({ does: 'create-table', table: 'users' });
    expect(first?.down?.statements[0]?.does).toEqual([
      { does: 'drop-table', table: 'users', cascade: false },
    ]);
  });

  test('code that asks the database, throws or exports nothing is refused by name', async () => {
    expect(
      await refusal({ '1_a.mjs': `export const up = async (pgm) => { await pgm.db.query('SELECT 1'); };` }),
    ).toBe(
      'DIR/1_a.mjs: it asks the database while it is made into SQL, which cannot be told without running it',
    );
    expect(await refusal({ '1_b.mjs': `export const up = () => { throw new Error('no'); };` })).toBe(
      'DIR/1_b.mjs cannot be made into SQL: no',
    );
    expect(await refusal({ '1_c.mjs': `export const other = 1;` })).toBe(
      'DIR/1_c.mjs exports no function `up`',
    );
    expect(await refusal({ '1_d.mjs': `export const up = ` })).toContain('DIR/1_d.mjs cannot be loaded');
  });
});

describe('pgroll', () => {
  test('raw SQL is read as it stands', async () => {
    const set = await read({
      '01_a.yaml': `operations:\n  - sql:\n      up: ${TABLE}\n      down: DROP TABLE t\n`,
      '02_b.json': JSON.stringify({ operations: [{ sql: { up: TABLE } }] }),
    });
    expect(set.tool).toBe('pgroll');
    expect(told(set)).toEqual([
      ['01_a', 1, 1, true],
      ['02_b', 1, undefined, true],
    ]);
  });

  test('a file without operations is none of its migrations', async () => {
    expect(await refusal({ '01_a.json': '{}' })).toContain('is not a migration of pgroll');
  });
});

describe('plain files', () => {
  test('a pair, and a file by itself', async () => {
    await using folder = await folderWith({
      'up.sql': TWO,
      'down.sql': 'DROP TABLE t;',
      'index.sql': CONCURRENTLY,
    });
    const at = (name: string): string => join(folder.path, name);
    expect(told(await readPlainPair(at('up.sql'), at('down.sql')))).toEqual([['up', 2, 1, true]]);
    expect(told(await readMigrations(at('index.sql')))).toEqual([['index', 1, undefined, false]]);
    expect(told(await readMigrations(at('up.sql'), { down: at('down.sql') }))).toEqual([['up', 2, 1, true]]);
  });

  test('a folder with up.sql and down.sql is one migration', async () => {
    expect(told(await read({ 'up.sql': TWO, 'down.sql': TABLE }))).toEqual([['up', 2, 1, true]]);
  });

  test('files of other names run in the order of their names', async () => {
    const set = await read({ 'b.sql': TABLE, 'a.up.sql': TABLE, 'a.down.sql': TABLE, '001-c.sql': TWO });
    expect(set.tool).toBe('sql');
    expect(told(set)).toEqual([
      ['001-c', 2, undefined, true],
      ['a.up', 1, 1, true],
      ['b', 1, undefined, true],
    ]);
  });

  test('the down that belongs to a file by its name is found beside it', async () => {
    const files = {
      '1_a.up.sql': TWO,
      '1_a.down.sql': TABLE,
      'V2__b.sql': TABLE,
      'U2__b.sql': TWO,
      'x/up.sql': TABLE,
      'x/down.sql': TABLE,
      'x/other.sql': TABLE,
    };
    for (const [file, statements] of [
      ['1_a.up.sql', 1],
      ['V2__b.sql', 2],
      ['x/up.sql', 1],
      ['x/other.sql', undefined],
    ] as const) {
      const [only] = told(await read(files, {}, file));
      expect(only?.[2]).toBe(statements);
    }
  });

  test('files of goose have both ways in them: run as they are, both would run', async () => {
    const goose = `-- +goose Up\n${TABLE}\n-- +goose Down\nDROP TABLE t;`;
    expect(await refusal({ '1_a.sql': goose })).toBe(
      'DIR/1_a.sql:1:1: the file has both ways in it, as goose writes them, which is not read',
    );
    expect(await refusal({ 'a.sql': goose }, {}, 'a.sql')).toContain('as goose writes them');
  });

  test('so have files of sql-migrate, whatever their names and wherever they stand in a folder', async () => {
    const both = `-- +migrate Up\n${TABLE}\n-- +migrate Down\nDROP TABLE t;`;
    const says = 'the file has both ways in it, as sql-migrate writes them, which is not read';
    expect(await refusal({ 'init.sql': both })).toBe(`DIR/init.sql:1:1: ${says}`);
    expect(await refusal({ 'a.sql': TABLE, 'b.sql': both })).toBe(`DIR/b.sql:1:1: ${says}`);
    expect(await refusal({ '1_a.sql': TABLE, '2_b.sql': both })).toBe(`DIR/2_b.sql:1:1: ${says}`);
    expect(await refusal({ 'up.sql': both })).toBe(`DIR/up.sql:1:1: ${says}`);
    expect(await refusal({ 'a.sql': both }, { tool: 'flyway' }, 'a.sql')).toBe(`DIR/a.sql:1:1: ${says}`);
  });
});

describe('a file of a tool by itself', () => {
  const MIXED = `${TABLE}${CONCURRENTLY}`;
  const LOCK = { 'migration_lock.toml': 'provider = "postgresql"' };
  const JOURNAL = {
    'meta/_journal.json': JSON.stringify({
      dialect: 'postgresql',
      entries: [{ idx: 0, when: 7, tag: '0000_a' }],
    }),
  };

  test.each([
    ['golang-migrate', { '0042_x.up.sql': MIXED }, '0042_x.up.sql', '0042_x', true],
    ['golang-migrate', { '0042_x.up.sql': CONCURRENTLY }, '0042_x.up.sql', '0042_x', false],
    ['flyway', { 'V1__x.sql': MIXED }, 'V1__x.sql', 'V1__x', true],
    [
      'flyway',
      { 'V1__x.sql': TABLE, 'V1__x.sql.conf': 'executeInTransaction=false' },
      'V1__x.sql',
      'V1__x',
      false,
    ],
    ['flyway', { 'R__x.sql': CONCURRENTLY, 'U0__b.sql': TABLE }, 'R__x.sql', 'R__x', false],
    [
      'diesel',
      { '2024-01-01-000000_x/up.sql': CONCURRENTLY },
      '2024-01-01-000000_x/up.sql',
      '2024-01-01-000000_x',
      true,
    ],
    [
      'diesel',
      {
        '2024-01-01-000000_x/up.sql': CONCURRENTLY,
        '2024-01-01-000000_x/metadata.toml': 'run_in_transaction = false',
      },
      '2024-01-01-000000_x/up.sql',
      '2024-01-01-000000_x',
      false,
    ],
    ['prisma', { ...LOCK, '2024_x/migration.sql': MIXED }, '2024_x/migration.sql', '2024_x', true],
    ['drizzle', { ...JOURNAL, '0000_a.sql': CONCURRENTLY }, '0000_a.sql', '0000_a', true],
    ['pgroll', { '01_a.yaml': `operations:\n  - sql:\n      up: ${TABLE}` }, '01_a.yaml', '01_a', true],
    ['sql', { 'up.sql': CONCURRENTLY }, 'up.sql', 'up', false],
    ['sql', { '2024_x/migration.sql': MIXED }, '2024_x/migration.sql', 'migration', false],
  ] as const)('is run as %s runs it: %j', async (tool, files, path, name, in_transaction) => {
    const broken = { 'V0__broken.sql': 'CREATE TABEL;', '0041_broken.up.sql': 'CREATE TABEL;' };
    const set = await read({ ...files, ...broken }, {}, path);
    expect(set.tool).toBe(tool);
    expect(told(set).map(([one, , , whole]) => [one, whole])).toEqual([[name, in_transaction]]);
  });

  test.each([
    ['flyway', MIXED, true],
    ['flyway', CONCURRENTLY, false],
    ['golang-migrate', MIXED, true],
    ['prisma', MIXED, true],
    ['diesel', CONCURRENTLY, true],
    ['drizzle', CONCURRENTLY, true],
    ['sql', MIXED, false],
  ] as const)('that is said to be of %s is run as it runs %j', async (tool, text, in_transaction) => {
    const set = await read({ 'x.sql': text }, { tool }, 'x.sql');
    expect(set.tool).toBe(tool);
    expect(told(set)).toEqual([['x', expect.any(Number), undefined, in_transaction]]);
  });

  test('has the way back that is named, in the manner of its tool', async () => {
    await using folder = await folderWith({
      '1_a.up.sql': TABLE,
      '1_a.down.sql': TABLE,
      'back.sql': `DROP TABLE t;${CONCURRENTLY}`,
      'alone.sql': CONCURRENTLY,
      'both.sql': `-- migrate:up\n${TABLE}\n-- migrate:down\n${TABLE}`,
    });
    const at = (name: string): string => join(folder.path, name);
    const up = at('1_a.up.sql');
    expect(told(await readMigrations(up))).toEqual([['1_a', 1, 1, true]]);
    const named = await readMigrations(up, { down: at('back.sql') });
    expect(told(named)).toEqual([['1_a', 1, 2, true]]);
    expect(downs(named)).toEqual({ '1_a': true });
    expect(downs(await readMigrations(up, { down: at('alone.sql') }))).toEqual({ '1_a': false });
    await expect(readMigrations(at('both.sql'), { down: at('back.sql') })).rejects.toThrow(
      `--down names a way back, and ${at('both.sql')} has one in it`,
    );
    await expect(readMigrations(folder.path, { down: at('back.sql') })).rejects.toThrow(
      `--down is the way back of a single file, and ${folder.path} is a folder`,
    );
  });
});

describe('what cannot be read', () => {
  test('a path through a file, a folder in the place of a file', async () => {
    expect(await refusal({ 'a.sql': TABLE }, {}, 'a.sql/x')).toMatch(/^cannot read DIR\/a\.sql\/x: ENOTDIR/);
    await using folder = await folderWith({ 'a.sql': TABLE, 'below/b.sql': TABLE });
    await expect(
      readMigrations(join(folder.path, 'a.sql'), { down: join(folder.path, 'below') }),
    ).rejects.toThrow(/^cannot read .*below: EISDIR/);
  });

  test('nothing there, an empty folder, a folder of something else', async () => {
    expect(await refusal({}, {}, 'missing')).toBe('there is no DIR/missing');
    expect(await refusal({})).toBe('no migrations in DIR');
    expect(await refusal({ 'a.txt': 'x' })).toBe('no migrations in DIR');
    expect(await refusal({ '1_a.up.sql': TABLE }, { tool: 'flyway' })).toContain('Flyway would pass');
  });

  test('a project in the place of its migrations: where they are likely is said', async () => {
    await using folder = await folderWith({ 'migrations/1_a.up.sql': TABLE, 'package.json': '{}' });
    await expect(readMigrations(folder.path)).rejects.toMatchObject({
      next: `give the folder that they are in, such as ${join(folder.path, 'migrations')}`,
    });
  });

  test('bytes that are no UTF-8, with their place', async () => {
    const bytes = Buffer.concat([
      Buffer.from("SELECT 1;\nSELECT 'ü"),
      Buffer.from([0xff]),
      Buffer.from("';"),
    ]);
    expect(await refusal({ 'V1__a.sql': bytes })).toBe('DIR/V1__a.sql:2:10: not UTF-8');
    const cut = Buffer.concat([Buffer.from('SELECT 1;'), Buffer.from([0xc3])]);
    expect(await refusal({ 'V1__a.sql': cut })).toBe('DIR/V1__a.sql:1:10: not UTF-8');
  });

  test('a link to a folder counts as a folder', async () => {
    await using folder = await folderWith({ 'real/2024-01-01-000000_a/up.sql': TABLE, 'linked/.keep': '' });
    await symlink(
      join(folder.path, 'real/2024-01-01-000000_a'),
      join(folder.path, 'linked/2024-01-01-000000_a'),
    );
    expect(told(await readMigrations(join(folder.path, 'linked')))).toEqual([
      ['2024-01-01-000000_a', 1, undefined, true],
    ]);
  });

  test('a link that leads nowhere', async () => {
    await using folder = await folderWith({ 'V1__a.sql': TABLE });
    await symlink(join(folder.path, 'gone'), join(folder.path, 'V2__b.sql'));
    await expect(readMigrations(folder.path)).rejects.toThrow(/^cannot read .*V2__b\.sql: ENOENT/);
  });
});
