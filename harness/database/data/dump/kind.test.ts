import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { openPlainDump, readDump } from './kind.ts';

const PLAIN = `--
-- PostgreSQL database dump
--

-- Dumped from database version 16.2 (Debian 16.2-1.pgdg120+2)
-- Dumped by pg_dump version 17.5

SELECT 1;
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-dumps-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test.each([
  ['plain', Buffer.from(PLAIN)],
  ['gzip', gzipSync(PLAIN)],
  ['zstd', zstdCompressSync(Buffer.from(PLAIN))],
])('a dump in plain SQL is known and read (%s)', async (name, content) => {
  const path = await file(`${name}.sql`, content);
  expect(await readDump(path)).toEqual({
    path,
    kind: 'plain',
    server_version: '16.2',
    bytes: content.length,
  });
  expect((await buffer(await openPlainDump(path))).toString()).toBe(PLAIN);
});

test('SQL that somebody wrote is a dump without a version', async () => {
  expect(await readDump(await file('own.sql', 'CREATE TABLE t (id int);'))).toMatchObject({
    kind: 'plain',
    server_version: undefined,
  });
});

test.each([
  ['picture.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]), 'is no dump of PostgreSQL'],
  ['broken.sql.gz', Buffer.from('1f8b0000000000000000', 'hex'), 'cannot be read'],
  ['cut.dump', Buffer.from('PGDMP'), 'cannot be read'],
  ['all.sql', '--\n-- PostgreSQL database cluster dump\n--\n', 'is a dump of a whole server (pg_dumpall)'],
])('%s is refused', async (name, content, message) => {
  const path = await file(name, content);
  const read = readDump(path);
  await expect(read).rejects.toThrow(UsageError);
  await expect(read).rejects.toThrow(message);
  await expect(read).rejects.toThrow(path);
});

test('a dump that is not there, or a folder that is none, is refused', async () => {
  await expect(readDump(join(folder, 'none.sql'))).rejects.toThrow(UsageError);
  await expect(readDump(folder)).rejects.toThrow(UsageError);
});
