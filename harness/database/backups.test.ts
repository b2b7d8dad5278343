import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { listBackups, newestUsable, objectionTo, timeOfName } from './backups.ts';
import { damageBackup } from './damage.ts';

const WANTED = { database: 'shop', server_major: 15 };

let store = '';
beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'mettle-store-'));
});
afterEach(async () => {
  await rm(store, { recursive: true, force: true });
});

const NOTE = {
  backup: '20261121T143246Z',
  method: 'wal',
  started: '2026-11-21T14:32:46.136Z',
  ended: '2026-11-21T14:32:46.905Z',
  server_version: 150_020,
  system_identifier: '7710632646406430734',
  database: 'shop',
  tables: { 's.t': 1000 },
};

/** As the programs of the image write it: a line for each field. */
async function backup(name: string, note: object = NOTE): Promise<string> {
  const folder = join(store, 'base', name);
  await mkdir(join(folder, 'data/base/1'), { recursive: true });
  await mkdir(join(folder, 'data/pg_wal'));
  await writeFile(join(folder, 'note.json'), JSON.stringify(note, undefined, 2));
  await writeFile(join(folder, 'data/base/1/1259'), Buffer.alloc(4096, 7));
  await writeFile(join(folder, 'data/pg_wal/000000010000000000000001'), Buffer.alloc(65_536));
  return folder;
}

describe('the store', () => {
  test('lists complete backups, the newest first, and says of a broken one what is wrong', async () => {
    await backup('20261121T143246Z');
    await backup('20261121T143346Z', { ...NOTE, started: '2026-11-21T14:33:46.500Z' });
    await writeFile(join(await backup('20261121T143446Z'), 'note.json'), '{');
    await backup('.new');
    await writeFile(join(store, 'base/.lock'), '');
    const found = await listBackups(store, 'wal');
    expect(found.map(({ name, taken_at }) => [name, new Date(taken_at).toISOString()])).toStrictEqual([
      ['20261121T143446Z', '2026-11-21T14:34:46.000Z'],
      ['20261121T143346Z', '2026-11-21T14:33:46.500Z'],
      ['20261121T143246Z', '2026-11-21T14:32:46.136Z'],
    ]);
    expect(found[0]?.problem).toContain('its note cannot be read');
    expect(found[1]?.note?.tables).toStrictEqual({ 's.t': 1000 });
    expect(newestUsable(found, WANTED).name).toBe('20261121T143346Z');
  });

  test('is empty before anything was stored, and then nothing can be rebuilt', async () => {
    expect(await listBackups(store, 'dump')).toStrictEqual([]);
    expect(() => newestUsable([], WANTED)).toThrow('there is no backup of the database');
  });

  test('is refused before anything is destroyed when no backup is of use', async () => {
    await backup('20261121T143246Z', { ...NOTE, database: 'warehouse' });
    await backup('20261121T143346Z', { ...NOTE, server_version: 160_001 });
    const found = await listBackups(store, 'wal');
    expect(() => newestUsable(found, WANTED)).toThrow(UnfitError);
    expect(() => newestUsable(found, WANTED)).toThrow(
      '20261121T143346Z: it is of PostgreSQL 16, which is newer than the server (15); 20261121T143246Z: it is of the database warehouse, not of shop',
    );
  });

  test('a name that is no time is no backup', () => {
    expect(timeOfName('20261121T143246Z')).toBe(Date.UTC(2026, 10, 21, 14, 32, 46));
    expect(timeOfName('.new')).toBeUndefined();
    expect(timeOfName('20269921T143246Z')).toBeUndefined();
  });
});

describe('damage', () => {
  test('of bytes changes data and not the log, which a restore takes from elsewhere', async () => {
    const folder = await backup('20261121T143246Z');
    await damageBackup({ folder }, 'bytes');
    const data = await readFile(join(folder, 'data/base/1/1259'));
    expect(data).toHaveLength(4096);
    expect(data.filter((byte) => byte !== 7)).toHaveLength(16);
    expect(
      (await readFile(join(folder, 'data/pg_wal/000000010000000000000001'))).every((byte) => byte === 0),
    ).toBe(true);
  });

  test('by truncation halves a file', async () => {
    const folder = await backup('20261121T143246Z');
    expect(await damageBackup({ folder }, 'truncated')).toContain('was cut from 4096 to 2048 bytes');
    expect(await readFile(join(folder, 'data/base/1/1259'))).toHaveLength(2048);
  });

  test.each([
    ['other database', 'it is of the database warehouse, not of shop'],
    ['newer server', 'it is of PostgreSQL 99, which is newer than the server (15)'],
    ['note missing', 'its note cannot be read'],
  ] as const)('%s is objected to', async (how, objection) => {
    const folder = await backup('20261121T143246Z');
    await damageBackup({ folder }, how);
    const [found] = await listBackups(store, 'wal');
    expect(found && objectionTo(found, WANTED)).toContain(objection);
  });

  test('of a note that says nothing is refused', async () => {
    const folder = await backup('20261121T143246Z', {});
    await expect(damageBackup({ folder }, 'other system')).rejects.toThrow(UnfitError);
  });
});
