import { describe, expect, test } from 'vitest';
import { downs, read, refusal, told } from './testing/told.ts';

const TABLE = 'CREATE TABLE t (a int);';
const TWO = 'CREATE TABLE t (a int);\nCREATE TABLE u (a int);';
const CONCURRENTLY = 'CREATE INDEX CONCURRENTLY i ON t (a);';

describe('golang-migrate', () => {
  test('by number, not by text; a file is one transaction unless it is a single statement that needs none', async () => {
    const set = await read({
      '10_last.up.sql': CONCURRENTLY,
      '9_before.up.sql': `${TABLE}${CONCURRENTLY}`,
      '9_before.down.sql': 'DROP TABLE t;',
      '2_own.up.sql': `BEGIN;${TABLE}COMMIT;`,
      'notes.md': 'x',
    });
    expect(set.tool).toBe('golang-migrate');
    expect(told(set)).toEqual([
      ['2_own', 3, undefined, false],
      ['9_before', 2, 1, true],
      ['10_last', 1, undefined, false],
    ]);
  });

  test('two of one version are refused, whatever zeros stand before it', async () => {
    expect(await refusal({ '1_a.up.sql': TABLE, '01_b.up.sql': TABLE })).toMatch(
      /DIR\/0?1_[ab]\.up\.sql has the same version as DIR\/0?1_[ab]\.up\.sql: 1; /,
    );
  });
});

describe('Flyway', () => {
  test('versions by their parts, repeatable ones last, undo by version, folders below as well', async () => {
    const set = await read({
      'V1_10__late.sql': TABLE,
      'V1.2__early.sql': TABLE,
      'deeper/V1_3__middle.sql': TWO,
      'U1.3.0__back.sql': 'DROP TABLE t;',
      'R__views.sql': 'CREATE OR REPLACE VIEW v AS SELECT 1;',
      'V2__index.sql': CONCURRENTLY,
      'V3__set.sql': TABLE,
      'V3__set.sql.conf': 'executeInTransaction=false',
      'afterMigrate.sql': 'SELECT 1',
      'B1_5__start.sql': TABLE,
    });
    expect(set.tool).toBe('flyway');
    expect(told(set)).toEqual([
      ['V1.2__early', 1, undefined, true],
      ['V1_3__middle', 2, 1, true],
      ['V1_10__late', 1, undefined, true],
      ['V2__index', 1, undefined, false],
      ['V3__set', 1, undefined, false],
      ['R__views', 1, undefined, true],
    ]);
  });

  test('a baseline that nothing stands before is where it begins', async () => {
    expect(told(await read({ 'B5__start.sql': TABLE, 'V6__next.sql': TABLE })).map(([name]) => name)).toEqual(
      ['B5__start', 'V6__next'],
    );
  });

  test('a name that Flyway would pass over without a word is refused', async () => {
    expect(await refusal({ 'V1__a.sql': TABLE, 'V2_b.sql': TABLE })).toContain(
      'Flyway would pass DIR/V2_b.sql over',
    );
  });

  test('1.0 and 1 are one version', async () => {
    expect(await refusal({ 'V1__a.sql': TABLE, 'V1_0__b.sql': TABLE })).toContain('has the same version as');
  });
});

describe('dbmate', () => {
  const FILE = `-- a comment\n-- migrate:up\n${TABLE}\n\n-- migrate:down\nDROP TABLE t;\n`;

  test('both ways stand in one file, each where it stands', async () => {
    const set = await read({
      '20240102000000_b.sql': FILE,
      '20240101000000_a.sql': `-- migrate:up transaction:false\n${CONCURRENTLY}`,
    });
    expect(set.tool).toBe('dbmate');
    expect(told(set)).toEqual([
      ['20240101000000_a', 1, undefined, false],
      ['20240102000000_b', 1, 1, true],
    ]);
    expect(set.migrations[1]?.up.statements[0]?.position.line).toBe(3);
    expect(set.migrations[1]?.down?.statements[0]?.position.line).toBe(6);
  });

  test('lines that end as on Windows are the same', async () => {
    const set = await read({ '20240101000000_a.sql': FILE.replaceAll('\n', '\r\n') });
    expect(set.tool).toBe('dbmate');
    expect(told(set)).toEqual([['20240101000000_a', 1, 1, true]]);
    expect(set.migrations[0]?.down?.statements[0]?.position).toMatchObject({ line: 6, column: 1 });
  });

  test('one file is known by its comments', async () => {
    const set = await read({ 'x.sql': FILE }, {}, 'x.sql');
    expect(set.tool).toBe('dbmate');
    expect(told(set)).toEqual([['x', 1, 1, true]]);
  });

  test.for<[text: string, message: string]>([
    [
      `-- migrate:down\nDROP TABLE t;\n-- migrate:up\n${TABLE}`,
      'DIR/1_a.sql:1:1: `-- migrate:down` stands before `-- migrate:up`',
    ],
    [
      `${TABLE}\n-- migrate:up\n${TABLE}`,
      'DIR/1_a.sql:1:1: a statement before `-- migrate:up`: dbmate refuses it',
    ],
    [`-- migrate:up\n${TABLE}\n-- migrate:up\n`, 'DIR/1_a.sql:3:1: a second part for up'],
    [TABLE, 'DIR/1_a.sql:1:1: no part of it begins with `-- migrate:up`'],
    ['-- migrate:up\nCREATE TABEL t;', 'DIR/1_a.sql:2:8: syntax error at or near "TABEL"'],
  ])('%j is refused', async ([text, message]) => {
    expect(await refusal({ '1_a.sql': text }, { tool: 'dbmate' })).toBe(message);
  });
});

describe('Diesel', () => {
  test('a folder each, by version; metadata.toml says whether in a transaction', async () => {
    const set = await read({
      '2024-01-02-000000-0000_b/up.sql': CONCURRENTLY,
      '2024-01-02-000000-0000_b/metadata.toml': '# why\nrun_in_transaction = false\n',
      '00000000000000_setup/up.sql': TABLE,
      '00000000000000_setup/down.sql': 'DROP TABLE t;',
    });
    expect(set.tool).toBe('diesel');
    expect(told(set)).toEqual([
      ['00000000000000_setup', 1, 1, true],
      ['2024-01-02-000000-0000_b', 1, undefined, false],
    ]);
  });

  test('hyphens make no other version', async () => {
    expect(
      await refusal({ '2024-01-01-000000_a/up.sql': TABLE, '20240101000000_b/up.sql': TABLE }),
    ).toContain('20240101000000;');
  });

  test('a folder without up.sql, and metadata that is no TOML', async () => {
    expect(await refusal({ '2024-01-01-000000_a/down.sql': TABLE })).toBe(
      'DIR/2024-01-01-000000_a has no up.sql',
    );
    const broken = {
      '2024-01-01-000000_a/up.sql': TABLE,
      '2024-01-01-000000_a/metadata.toml': 'a = 1\nrun_in_transaction = maybe',
    };
    expect(await refusal(broken)).toMatch(/^DIR\/2024-01-01-000000_a\/metadata\.toml:2:\d+: /);
  });
});

describe('Prisma', () => {
  const LOCK = { 'migration_lock.toml': 'provider = "postgresql"' };

  test('folders in their order; down.sql where somebody wrote one', async () => {
    const set = await read({
      ...LOCK,
      '2_b/migration.sql': TWO,
      '1_a/migration.sql': TABLE,
      '1_a/down.sql': 'DROP TABLE t;',
    });
    expect(set.tool).toBe('prisma');
    expect(told(set)).toEqual([
      ['1_a', 1, 1, true],
      ['2_b', 2, undefined, true],
    ]);
  });

  test('another database, or a folder without the file, is refused', async () => {
    expect(await refusal({ 'migration_lock.toml': 'provider = "mysql"' })).toContain('is for mysql');
    expect(await refusal({ ...LOCK, '1_a/other.sql': TABLE })).toBe('DIR/1_a has no migration.sql');
  });
});

const journal = (...entries: readonly (readonly [number, number, string])[]): string =>
  JSON.stringify({
    version: '7',
    dialect: 'postgresql',
    entries: entries.map(([idx, when, tag]) => ({ idx, when, tag, version: '7', breakpoints: true })),
  });

describe('Drizzle', () => {
  test('the order of the journal; a breakpoint is a comment', async () => {
    const set = await read({
      'meta/_journal.json': journal([1, 20, '0001_b'], [0, 10, '0000_a']),
      '0000_a.sql': `${TABLE}\n--> statement-breakpoint\n${TABLE}`,
      '0001_b.sql': TABLE,
    });
    expect(set.tool).toBe('drizzle');
    expect(told(set)).toEqual([
      ['0000_a', 2, undefined, true],
      ['0001_b', 1, undefined, true],
    ]);
  });

  test('a journal whose times go back: Drizzle would skip the later one', async () => {
    const files = { '0000_a.sql': TABLE, '0001_b.sql': TABLE };
    expect(
      await refusal({ ...files, 'meta/_journal.json': journal([0, 20, '0000_a'], [1, 10, '0001_b']) }),
    ).toContain('0001_b is not younger than 0000_a');
    expect(await refusal({ ...files, 'meta/_journal.json': journal([0, 20, '0000_c']) })).toContain(
      'names 0000_c, but there is no 0000_c.sql',
    );
    expect(await refusal({ ...files, 'meta/_journal.json': '{' })).toContain('is not a journal of Drizzle');
  });
});

/** Its tool runs each way as it is written, not as the other one is. */
describe('the way back has a transaction of its own, or none', () => {
  const INDEX = 'CREATE INDEX i ON t (a);';
  const DROP_CONCURRENTLY = 'DROP INDEX CONCURRENTLY i;';
  const CLASSES: readonly [tool: string, files: Readonly<Record<string, string>>, found: object][] = [
    [
      'golang-migrate',
      {
        '1_a.up.sql': INDEX,
        '1_a.down.sql': DROP_CONCURRENTLY,
        '2_b.up.sql': CONCURRENTLY,
        '2_b.down.sql': 'DROP INDEX i;',
      },
      { '1_a': false, '2_b': true },
    ],
    ['flyway', { 'V1__a.sql': INDEX, 'U1__a.sql': DROP_CONCURRENTLY }, { V1__a: false }],
    [
      'dbmate',
      {
        '1_a.sql': `-- migrate:up transaction:false\n${CONCURRENTLY}\n-- migrate:down\n${DROP_CONCURRENTLY}`,
        '2_b.sql': `-- migrate:up\n${INDEX}\n-- migrate:down transaction:false\n${DROP_CONCURRENTLY}`,
      },
      { '1_a': true, '2_b': false },
    ],
    ['sql', { 'a.up.sql': INDEX, 'a.down.sql': DROP_CONCURRENTLY }, { 'a.up': false }],
    [
      'node-pg-migrate',
      {
        '1_a.js': `export const up = (pgm) => pgm.sql(${JSON.stringify(INDEX)});
export const down = (pgm) => { pgm.noTransaction(); pgm.sql(${JSON.stringify(DROP_CONCURRENTLY)}); };`,
      },
      { '1_a': false },
    ],
  ];

  test.for(CLASSES)('%s', async ([tool, files, found]) => {
    const set = await read(files);
    expect(set.tool).toBe(tool);
    expect(downs(set)).toEqual(found);
  });

  test.for<[tool: string, files: Readonly<Record<string, string>>]>([
    ['dbmate', { '1_a.sql': `-- migrate:up transaction:false\n${TABLE}${CONCURRENTLY}` }],
    [
      'diesel',
      {
        '2024-01-01-000000_a/up.sql': `${TABLE}${CONCURRENTLY}`,
        '2024-01-01-000000_a/metadata.toml': 'run_in_transaction = false',
      },
    ],
  ])(
    '%s sends several statements at once, and the server makes one transaction of them',
    async ([, files]) => {
      expect((await read(files)).migrations.map(({ in_transaction }) => in_transaction)).toEqual([true]);
    },
  );
});

describe('code that ends transactions', () => {
  const COMMITS = 'DO $$ BEGIN COMMIT; END $$;';

  test.for<[tool: string, file: string, text: string, in_transaction: boolean]>([
    ['sql', 'a.sql', COMMITS, false],
    ['sql', 'a.sql', 'CALL backfill();', false],
    ['golang-migrate', '1_a.up.sql', COMMITS, false],
    ['golang-migrate', '1_a.up.sql', 'CALL backfill();', false],
    ['golang-migrate', '1_a.up.sql', `${TABLE}CALL backfill();`, true],
    // It looks into no code, and the server refuses the COMMIT.
    ['flyway', 'V1__a.sql', COMMITS, true],
    ['dbmate', '1_a.sql', `-- migrate:up\n${COMMITS}`, true],
  ])('%s, %s: %s', async ([tool, file, text, in_transaction]) => {
    const set = await read({ [file]: text });
    expect(set.tool).toBe(tool);
    expect(set.migrations.map((one) => one.in_transaction)).toEqual([in_transaction]);
  });
});
