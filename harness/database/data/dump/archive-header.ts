/**
 * The head of an archive of pg_dump, in the words of its `ReadHead` (src/bin/pg_dump/pg_backup_archiver.c): a version of the
 * format, then the settings of the dump and the versions of the server and of the program that made it.
 */

const MAGIC = 'PGDMP';
/** Since this version of the format a byte names the way of compression; before, a number gave its level. */
const ALGORITHM_SINCE = 0x01_0f;
/** Since this version the two versions are in it. */
const VERSIONS_SINCE = 0x01_0a;
const TIME_FIELDS = 7;

/** Bytes that hold the head of any archive. */
export const HEAD_BYTES = 4096;

export interface ArchiveHead {
  /** `15.14`, as the server said that was dumped; undefined in archives of PostgreSQL before 8. */
  readonly server_version: string | undefined;
}

/** The head of an archive, or undefined when the bytes are none. */
export function readArchiveHead(bytes: Buffer): ArchiveHead | undefined {
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  let at = MAGIC.length;
  const byte = (): number => bytes.readUInt8(at++);
  const format = (byte() << 8) | byte();
  byte();
  const integer_bytes = byte();
  const integer = (): number => {
    const negative = byte() !== 0;
    let value = 0;
    for (let index = 0; index < integer_bytes; index += 1) value += byte() * 2 ** (8 * index);
    return negative ? -value : value;
  };
  const text = (): string => {
    const length = integer();
    if (length <= 0) return '';
    const from = at;
    at += length;
    return bytes.toString('utf8', from, at);
  };
  // Size of offsets, then the kind of archive.
  byte();
  byte();
  if (format >= ALGORITHM_SINCE) byte();
  else integer();
  for (let field = 0; field < TIME_FIELDS; field += 1) integer();
  // The database's name.
  text();
  return { server_version: format >= VERSIONS_SINCE ? text() : undefined };
}
