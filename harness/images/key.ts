import { createHash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What a key may be made of. */
export type Input = string | number | boolean | readonly Input[] | { readonly [name: string]: Input };

/** Hexadecimal digits of a key: 64 bits, enough among the few entries of one cache. */
const KEY_LENGTH = 16;

/** The same text for the same content, in whatever order the members were written. */
function canonical(input: Input): string {
  if (typeof input !== 'object') return JSON.stringify(input);
  if (isList(input)) return `[${input.map(canonical).join(',')}]`;
  const members = Object.entries(input).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`;
}

function isList(input: Input): input is readonly Input[] {
  return Array.isArray(input);
}

/** The content key of these inputs: it changes exactly when one of them does. */
export function keyOf(input: Input): string {
  return createHash('sha256').update(canonical(input)).digest('hex').slice(0, KEY_LENGTH);
}

/** SHA-256 of a text or of bytes, in hexadecimal. */
export function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Digest of each file below a folder that `wanted` takes, by path relative to the folder. Links count by their target.
 */
export async function digestFiles(
  folder: string,
  wanted: (path: string) => boolean,
): Promise<Readonly<Record<string, string>>> {
  const found: [string, string][] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const relative = path.slice(folder.length + 1);
    if (entry.isDirectory() || !wanted(relative)) continue;
    found.push([
      relative,
      digest(entry.isSymbolicLink() ? `-> ${await readlink(path)}` : await readFile(path)),
    ]);
  }
  return Object.fromEntries(found);
}
