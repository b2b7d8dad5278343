import { symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPlainPair } from './plain.ts';
import { readMigrations, requireDowns } from './read.ts';
import { folderWith } from './testing/folder.ts';
import { read, refusal, told } from './testing/told.ts';

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
    for (const [file, downs] of [
      ['1_a.up.sql', 1],
      ['V2__b.sql', 2],
      ['x/up.sql', 1],
      ['x/other.sql', undefined],
    ] as const) {
      const [only] = told(await read(files, {}, file));
      expect(only?.[2]).toBe(downs);
    }
  });

  test('files of goose have both ways in them: run as they are, both would run', async () => {
    const goose = `-- +goose Up\n${TABLE}\n-- +goose Down\nDROP TABLE t;`;
    expect(await refusal({ '1_a.sql': goose })).toBe(
      'DIR/1_a.sql:1:1: the file has both ways in it, as goose writes them, which is not read',
    );
    expect(await refusal({ 'a.sql': goose }, {}, 'a.sql')).toContain('as goose writes them');
  });
});

describe('what cannot be read', () => {
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

  test('the ways down that are missing, when they are asked for', async () => {
    const set = await read({ '1_a.up.sql': TABLE, '1_a.down.sql': TABLE, '2_b.up.sql': TABLE });
    expect(() => requireDowns(set)).toThrow(/^no way down: .*2_b\.up\.sql$/);
    const { migrations } = set;
    expect(() => requireDowns({ ...set, migrations: migrations.slice(0, 1) })).not.toThrow();
    expect(basename(set.migrations[1]?.up.path ?? '')).toBe('2_b.up.sql');
  });
});
