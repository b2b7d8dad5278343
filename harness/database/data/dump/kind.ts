import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import { HEAD_BYTES, readArchiveHead } from './archive-header.ts';

/** A dump, as far as its beginning tells. */
export interface Dump {
  readonly path: string;
  readonly kind: 'plain' | 'archive';
  /** Of the server that was dumped: `15.14`; undefined where a plain dump does not say. */
  readonly server_version: string | undefined;
  /** Bytes on disk, packed as they are. */
  readonly bytes: number;
}

type Packing = 'gzip' | 'zstd' | 'none';

const TABLE_OF_CONTENTS = 'toc.dat';
/** A tar begins with a block of its own; the table of contents is its first member. */
const TAR_BLOCK_BYTES = 512;
const FROM = /^-- Dumped from database version (\d[\w.]*)/m;
const WHOLE_CLUSTER = '-- PostgreSQL database cluster dump';

/**
 * What a file or folder is, from its first bytes. Nothing is restored.
 * @throws UsageError when it cannot be read or is no dump of one database
 */
export async function readDump(path: string): Promise<Dump> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      const head = readArchiveHead(await firstBytes(join(path, TABLE_OF_CONTENTS)));
      if (head === undefined) throw notOne(path);
      return { path, kind: 'archive', server_version: numberOf(head.server_version), bytes: found.size };
    }
    const bytes = await firstBytes(path);
    const is_tar = bytes.toString('latin1', 0, TABLE_OF_CONTENTS.length) === TABLE_OF_CONTENTS;
    const head = readArchiveHead(is_tar ? bytes.subarray(TAR_BLOCK_BYTES) : bytes);
    if (head !== undefined) {
      return { path, kind: 'archive', server_version: numberOf(head.server_version), bytes: found.size };
    }
    const text = await firstText(path);
    if (text.includes('\0')) throw notOne(path);
    if (text.includes(WHOLE_CLUSTER)) {
      throw new UsageError(`${path} is a dump of a whole server (pg_dumpall)`, {
        next: 'Dump the one database that the migration is for, with pg_dump.',
      });
    }
    return { path, kind: 'plain', server_version: FROM.exec(text)?.[1], bytes: found.size };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`the dump ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** The text of a plain dump, unpacked. */
export async function openPlainDump(path: string): Promise<Readable> {
  const packing = packingOf(await firstBytes(path));
  const file = createReadStream(path);
  if (packing === 'none') return file;
  const unpacked = packing === 'gzip' ? createGunzip() : createZstdDecompress();
  file.on('error', (error) => unpacked.destroy(error));
  // Whoever reads is told; where nobody reads any more it does not matter.
  unpacked.on('error', () => undefined);
  unpacked.on('close', () => file.destroy());
  return file.pipe(unpacked);
}

function notOne(path: string): UsageError {
  return new UsageError(`${path} is no dump of PostgreSQL`, {
    next: 'Give a dump made by pg_dump, in any of its formats; a plain one may be packed by gzip or zstd.',
  });
}

/** The number in `15.14 (Debian 15.14-0+deb12u1)`. */
function numberOf(version: string | undefined): string | undefined {
  return version?.split(' ')[0];
}

function packingOf(bytes: Buffer): Packing {
  const magic = bytes.toString('hex', 0, 4);
  if (magic.startsWith('1f8b')) return 'gzip';
  return magic === '28b52ffd' ? 'zstd' : 'none';
}

async function firstBytes(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(HEAD_BYTES), position: 0 });
  return buffer.subarray(0, bytesRead);
}

async function firstText(path: string): Promise<string> {
  const stream = await openPlainDump(path);
  try {
    for await (const chunk of stream) return Buffer.from(chunk).toString('utf8', 0, HEAD_BYTES);
    return '';
  } finally {
    stream.destroy();
  }
}
