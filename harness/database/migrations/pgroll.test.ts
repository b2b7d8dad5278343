import { afterEach, describe, expect, test, vi } from 'vitest';
import { pgrollName, pgrollPart } from './pgroll-parts.ts';
import { findPgroll } from './pgroll-program.ts';
import { folderWith } from './testing/folder.ts';
import { read, refusal } from './testing/told.ts';
import { readMigrations } from './read.ts';

const USERS = `operations:
  - create_table:
      name: users
      columns:
        - { name: id, type: integer, pk: true }
        - { name: name, type: text, nullable: true }
`;
const NOT_NULL = `operations:
  - alter_column:
      table: users
      column: name
      nullable: false
      up: coalesce(name, 'none')
      down: name
`;
const RAW = 'operations:\n  - sql:\n      up: CREATE TABLE raw (id int)\n      down: DROP TABLE raw\n';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('an operation that only pgroll understands needs pgroll', async () => {
  vi.stubEnv('PATH', '/nowhere');
  const operations = [{ drop_column: { table: 't', column: 'a' } }];
  expect(await refusal({ '01_a.json': JSON.stringify({ operations }) })).toBe(
    'DIR/01_a.json has the operation drop_column, which only the program pgroll knows the SQL of; it is not on this machine',
  );
});

test('the acts of a migration belong to it', () => {
  expect([pgrollPart('01_a', 'start'), pgrollPart('01_a', 'complete')].map(pgrollName)).toEqual([
    '01_a',
    '01_a',
  ]);
});

describe.skipIf(findPgroll() === undefined)('pgroll itself', { timeout: 60_000 }, () => {
  test('makes two acts of a migration, the first of which has a way back', async () => {
    const set = await read({ '01_users.yaml': USERS, '02_name.yaml': NOT_NULL, '03_raw.yaml': RAW });
    expect(set.migrations.map(({ name, down }) => [name, down !== undefined])).toEqual([
      ['01_users.start', true],
      ['02_name.start', true],
      ['02_name.complete', false],
      ['03_raw.start', true],
      ['03_raw.complete', false],
    ]);
    const start = set.migrations[1]?.up.text ?? '';
    expect(start).toMatch(/ADD COLUMN .*"_pgroll_new_name"/);
    expect(start).toContain('CREATE OR REPLACE TRIGGER');
    expect(start).toMatch(/UPDATE "users"[^]*COMMIT;\n$/);
    expect(start).not.toContain('ROLLBACK');
    expect(set.migrations[1]?.down?.text).toContain('DROP COLUMN IF EXISTS "_pgroll_new_name"');
    expect(set.migrations[2]?.up.text).toContain('RENAME COLUMN "_pgroll_new_name" TO "name"');
  });

  test('is quoted where it refuses a migration', async () => {
    const complaint = await refusal({
      '01_users.yaml': USERS,
      '02_name.yaml': NOT_NULL.replace('users', 'none'),
    });
    expect(complaint).toMatch(/^pgroll start refuses DIR\/02_name\.yaml:\n[^]*"none" does not exist/);
  });

  test('is run on the version that was asked for, and ends with the run', async () => {
    await using folder = await folderWith({ '01_users.yaml': USERS });
    const said: string[] = [];
    const set = await readMigrations(folder.path, { postgres: '14', progress: (line) => said.push(line) });
    // Views of 14 run with the rights of their owner, whatever is asked for.
    expect(set.migrations[0]?.up.text).not.toContain('security_invoker');
    expect(said).toEqual([`${folder.path}/01_users.yaml (1 of 1)`]);
    const signal = AbortSignal.abort(new Error('called off'));
    await expect(readMigrations(folder.path, { signal })).rejects.toThrow('called off');
  });
});
