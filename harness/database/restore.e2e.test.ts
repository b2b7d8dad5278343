import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Backup, listBackups } from './backups.ts';
import { type Damage, damageBackup } from './damage.ts';
import { type Decision, parseDecisions } from './decisions.ts';
import { PostgresBox } from './testing/postgres-box.ts';
import { commit, idsIn, lastOf, makeTable } from './testing/rows.ts';

// The programs of the image, as its user and with its own PostgreSQL; what they are given is read from the manifests.

let box: PostgresBox;

beforeAll(async () => {
  box = await PostgresBox.make();
});
afterAll(async () => {
  await box?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await box.begin();
});

const WAL = { method: 'wal' } as const;
const DUMP = { method: 'dump' } as const;

/** Segments and history files that are archived. */
async function archived(): Promise<readonly string[]> {
  const [system] = await readdir(join(box.store, 'wal'));
  const files = await readdir(join(box.store, 'wal', system ?? ''));
  return files.filter((name) => !name.startsWith('.')).sort();
}

/** Waits until the segment is archived, which the promise of 2 s makes soon. */
async function untilArchived(segment: string): Promise<void> {
  await expect.poll(archived, { timeout: 10_000, interval: 50 }).toContain(segment);
}

async function decisions(): Promise<readonly Decision[]> {
  return parseDecisions(await readFile(join(box.volume, 'restore.jsonl'), 'utf8'));
}

async function take(method: 'wal' | 'dump', args: readonly string[] = []): Promise<Backup> {
  const stdout = await box.backUp({ method, keep: 20 }, args);
  const [newest] = await listBackups(box.store, method);
  if (newest === undefined) throw new Error('no backup was taken');
  expect(parseDecisions(stdout)).toMatchObject([{ state: 'taken', backup: newest.name, method }]);
  return newest;
}

test('a lost volume comes back with every row whose part of the log was archived, and no other, twice', async () => {
  const first = await box.start(WAL);
  await makeTable(first.client);
  const before = await commit(first.client, 20);
  const base = await take('wal');
  expect(base.note?.tables).toStrictEqual({ 's.others': 1, 's.rows': 20 });
  const after = await commit(first.client, 20);
  await untilArchived(lastOf(after).segment);
  const last = await commit(first.client, 20);
  await first.kill();

  const there = await archived();
  const safe = [...before, ...[...after, ...last].filter(({ segment }) => there.includes(segment))];
  expect(safe.length).toBeGreaterThanOrEqual(40);
  await box.loseVolume();
  // The Secret was made anew meanwhile.
  await box.setPasswords('second');
  const second = await box.start(WAL);
  expect(await idsIn(second.client)).toStrictEqual(safe.map(({ id }) => id));
  expect(await decisions()).toMatchObject([{ state: 'restored', backup: base.name, method: 'wal' }]);
  expect(lastOf(await decisions()).note).toMatch(/^the log was replayed to 20\d\d-/);

  // No base backup since: the log of both timelines is needed.
  const more = await commit(second.client, 20);
  expect(lastOf(more).segment).toMatch(/^00000002/);
  await untilArchived(lastOf(more).segment);
  await second.kill();
  await box.loseVolume();
  const third = await box.start(WAL);
  expect(await idsIn(third.client)).toStrictEqual([...safe, ...more].map(({ id }) => id));

  // And with a fresh one.
  const fresh = await take('wal');
  const again = await commit(third.client, 5);
  await untilArchived(lastOf(again).segment);
  await third.kill();
  await box.loseVolume();
  const fourth = await box.start(WAL);
  expect(await idsIn(fourth.client)).toStrictEqual([...safe, ...more, ...again].map(({ id }) => id));
  expect(await decisions()).toMatchObject([{ state: 'restored', backup: fresh.name }]);
  await fourth.kill();
});

test('every damaged base backup is refused for its own reason, and the one before is restored', async () => {
  const server = await box.start(WAL);
  await makeTable(server.client);
  await commit(server.client, 5);
  const sound = await take('wal');
  const harm: readonly (readonly [Damage, RegExp])[] = [
    ['bytes', /^it is damaged: checksum mismatch/],
    ['truncated', /^it is damaged: .* has size/],
    ['note missing', /^its note is missing/],
    ['other database', /^it is of the database warehouse, not of shop$/],
    ['other system', /^it is of the database system 1, which was never served with this store$/],
    ['newer server', /^it is of PostgreSQL 99, which is newer than this server \(15\)$/],
  ];
  const damaged: Backup[] = [];
  for (const [how] of harm) {
    const backup = await take('wal');
    await damageBackup(backup, how);
    damaged.push(backup);
  }
  const rows = await commit(server.client, 5);
  await untilArchived(lastOf(rows).segment);
  await server.kill();
  await box.loseVolume();
  const restored = await box.start(WAL);
  expect(await idsIn(restored.client)).toHaveLength(10);
  await restored.kill();
  const made = await decisions();
  expect(made.map(({ state, backup }) => `${state} ${backup}`)).toStrictEqual([
    ...damaged.toReversed().map(({ name }) => `refused ${name}`),
    `restored ${sound.name}`,
  ]);
  for (const [index, [, reason]] of harm.toReversed().entries()) expect(made[index]?.note).toMatch(reason);
});

test('a restore to a moment leaves out what was committed later, and passes over later backups', {
  tags: ['nightly'],
}, async () => {
  const server = await box.start(WAL);
  await makeTable(server.client);
  await commit(server.client, 5);
  const base = await take('wal');
  await commit(server.client, 5);
  const { rows } = await server.client.query<{ now: string }>(
    'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now',
  );
  const target_time = Number(rows[0]?.now) + 1;
  await delay(5);
  await server.client.query('DELETE FROM s.rows');
  const later = await take('wal');
  const after = await commit(server.client, 3);
  await untilArchived(lastOf(after).segment);
  await server.kill();

  await box.loseVolume();
  const restored = await box.start({ ...WAL, target_time });
  expect(await idsIn(restored.client)).toHaveLength(10);
  expect((await decisions()).map(({ state, backup }) => `${state} ${backup}`)).toStrictEqual([
    `passed over ${later.name}`,
    `restored ${base.name}`,
  ]);
  // What goes on from there is what the next restore finds, without the rows that were left out: the later base backup is
  // of a past that was given up.
  const more = await commit(restored.client, 2);
  await untilArchived(lastOf(more).segment);
  await restored.kill();
  await box.loseVolume();
  const again = await box.start(WAL);
  expect(await idsIn(again.client)).toHaveLength(12);
  expect((await decisions()).map(({ state, backup }) => `${state} ${backup}`)).toStrictEqual([
    `refused ${later.name}`,
    `restored ${base.name}`,
  ]);
  await again.kill();
});

test('a log with a gap is replayed up to it, and what is lost behind it is said', {
  tags: ['nightly'],
}, async () => {
  const server = await box.start(WAL);
  await makeTable(server.client);
  await take('wal');
  const kept = await commit(server.client, 2);
  await untilArchived(lastOf(kept).segment);
  const missing = await commit(server.client, 2);
  await untilArchived(lastOf(missing).segment);
  const behind = await commit(server.client, 2);
  await untilArchived(lastOf(behind).segment);
  await server.kill();
  const [system = ''] = await readdir(join(box.store, 'wal'));
  await rm(join(box.store, 'wal', system, lastOf(missing).segment));
  await box.loseVolume();
  const restored = await box.start(WAL);
  expect(await idsIn(restored.client)).toStrictEqual(kept.map(({ id }) => id));
  expect(lastOf(await decisions()).note).toContain('it ends early, in segment');
  await restored.kill();
});

test('a restore that is killed half-way begins again', async () => {
  const server = await box.start(WAL);
  await makeTable(server.client);
  await take('wal');
  const rows = await commit(server.client, 5);
  await untilArchived(lastOf(rows).segment);
  await server.kill();
  await box.loseVolume();
  // The replay is over, and its folder has not taken its place yet: its new timeline must not stand in the way.
  await box.killAt(WAL, /selected new timeline ID/);
  const restored = await box.start(WAL);
  expect(await idsIn(restored.client)).toHaveLength(5);
  await restored.kill();
});

test('a dump comes back with its rows, sequences and owner, and so does the next one', async () => {
  const server = await box.start(DUMP);
  await makeTable(server.client);
  await commit(server.client, 7);
  const dump = await take('dump');
  expect(dump.note).toMatchObject({ database: 'shop', tables: { 's.others': 1, 's.rows': 7 } });
  await commit(server.client, 3);
  await server.kill();
  await box.loseVolume();
  const second = await box.start(DUMP);
  expect(await idsIn(second.client)).toHaveLength(7);
  expect(await decisions()).toMatchObject([
    {
      state: 'restored',
      backup: dump.name,
      method: 'dump',
      note: '2 tables with the rows that its note says',
    },
  ]);
  // The sequence goes on, and the shop owns what it owned.
  expect((await commit(second.client, 1))[0]?.id).toBe(8);
  const next = await take('dump');
  await second.kill();
  await box.loseVolume();
  const third = await box.start(DUMP);
  expect(await idsIn(third.client)).toHaveLength(8);
  expect(await decisions()).toMatchObject([{ state: 'restored', backup: next.name }]);
  await third.kill();
});

test('a dump that is damaged or lacks a table is refused for its own reason, and the one before is restored', async () => {
  const server = await box.start(DUMP);
  await makeTable(server.client);
  await commit(server.client, 7);
  const sound = await take('dump');
  const harm: readonly (readonly [Damage, RegExp])[] = [
    ['bytes', /SHA-256/],
    ['truncated', /SHA-256/],
    ['note missing', /^its note is missing/],
    ['other database', /^it is of the database warehouse/],
    ['other system', /^it is of the database system 1,/],
    ['newer server', /^it is of PostgreSQL 99/],
  ];
  for (const [how] of harm) await damageBackup(await take('dump'), how);
  await take('dump', ['--exclude-table=s.others']);
  await take('dump', ['--exclude-table-data=s.rows']);
  await server.kill();
  await box.loseVolume();
  const restored = await box.start(DUMP);
  expect(await idsIn(restored.client)).toHaveLength(7);
  await restored.kill();
  const made = await decisions();
  const reasons = [
    ...harm.map(([, reason]) => reason),
    /^it lacks the table s\.others$/,
    /^it lacks the table s\.rows$/,
  ];
  expect(made.map(({ state }) => state)).toStrictEqual([...reasons.map(() => 'refused'), 'restored']);
  expect(lastOf(made).backup).toBe(sound.name);
  for (const [index, reason] of reasons.toReversed().entries()) expect(made[index]?.note).toMatch(reason);
});

test('only what is older than the oldest kept base backup leaves the archive', {
  tags: ['nightly'],
}, async () => {
  const server = await box.start(WAL);
  await makeTable(server.client);
  const keep = { ...WAL, keep: 2 };
  await take('wal');
  const early = await commit(server.client, 1);
  await untilArchived(lastOf(early).segment);
  await box.backUp(keep);
  const rows = await commit(server.client, 1);
  await untilArchived(lastOf(rows).segment);
  await box.backUp(keep);
  expect(await listBackups(box.store, 'wal')).toHaveLength(2);
  expect(await archived()).not.toContain(lastOf(early).segment);
  expect(await archived()).toContain(lastOf(rows).segment);
  await server.kill();
});

test('without a backup nothing is begun where a database was in use before', async () => {
  expect((await box.startInVain({ ...WAL, allow_empty: false })).log).toContain('With ALLOW_EMPTY=1');
  const server = await box.start(WAL);
  await server.kill();
  await box.loseVolume();
  const { exit_code, log } = await box.startInVain(WAL);
  expect(exit_code).toBe(1);
  expect(log).toContain('there is no backup in /backups/base, and the store was in use');
  expect(await readdir(box.volume)).toStrictEqual(['lock']);
});

test('where no backup can be restored the server does not start, and nothing is left half-made', async () => {
  const server = await box.start(WAL);
  await damageBackup(await take('wal'), 'bytes');
  await server.kill();
  await box.loseVolume();
  const { exit_code, log } = await box.startInVain(WAL);
  expect(exit_code).toBe(1);
  expect(log).toContain('none of the backups in /backups/base can be restored');
  expect((await readdir(box.volume)).sort()).toStrictEqual(['lock', 'restore.jsonl']);
});

test('a volume without room is said to have none', async () => {
  const server = await box.start(WAL);
  await take('wal');
  await server.kill();
  await box.loseVolume();
  const programs = join(box.root, 'without-room');
  await mkdir(programs);
  await writeFile(join(programs, 'df'), '#!/bin/sh\necho Avail; echo 1048576\n', { mode: 0o755 });
  const path = '/without-room:/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin';
  const { exit_code } = await box.startInVain(WAL, { PATH: path });
  expect(exit_code).toBe(1);
  expect(lastOf(await decisions()).note).toMatch(/^it needs \d+ MiB, and the volume has 1 MiB left$/);
});

test('the archive keeps what it has', async () => {
  const env = { BACKUP_STORE: '/backups', SYSTEM_IDENTIFIER: '7' };
  await mkdir(join(box.store, 'wal/7'), { recursive: true });
  await writeFile(join(box.volume, 'segment'), 'one');
  const archive = async (): Promise<number | null> =>
    (await box.run(env, ['/usr/local/bin/archive-wal', '/volume/segment', 'name'])).exit_code;
  expect(await archive()).toBe(0);
  expect(await archive()).toBe(0);
  await writeFile(join(box.volume, 'segment'), 'two');
  expect(await archive()).toBe(1);
  expect(await readFile(join(box.store, 'wal/7/name'), 'utf8')).toBe('one');
});
