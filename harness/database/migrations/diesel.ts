import { parse as parseToml, TomlError } from 'smol-toml';
import { UsageError } from '#harness/core/errors.ts';
import {
  type Adapter,
  inFolder,
  type MigrationFolder,
  optionalDown,
  readSqlFile,
  refuseDuplicates,
  runsAsWhole,
} from './adapter.ts';
import { listFolder, readSqlText } from './files.ts';
import type { Migration, SqlFile } from './types.ts';

const FOLDER = /^\d[\d-]*_/;

/** `2019-02-26-002946_create_user` is version `20190226002946`: what stands before the underscore, without hyphens. */
export function dieselVersion(name: string): string {
  return name.slice(0, name.indexOf('_')).replaceAll('-', '');
}

function tomlValue(path: string, text: string): unknown {
  try {
    return parseToml(text)['run_in_transaction'];
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new UsageError(error.message.split('\n')[0] ?? '', {
      position: { file: path, line: error.line, column: error.column },
      cause: error,
    });
  }
}

async function runsInTransaction(path: string, files: readonly string[]): Promise<boolean> {
  if (!files.includes('metadata.toml')) return true;
  const file = `${path}/metadata.toml`;
  return tomlValue(file, await readSqlText(file)) !== false;
}

async function readOne(folder: MigrationFolder, name: string): Promise<Migration> {
  const path = inFolder(folder, name);
  const { files } = await listFolder(path);
  const in_transaction = await runsInTransaction(path, files);
  // Without a transaction of its own a file is sent to the server as a whole, which makes one of several statements.
  const isOne = (file: SqlFile): boolean => in_transaction || runsAsWhole(file);
  if (!files.includes('up.sql')) {
    throw new UsageError(`${path} has no up.sql`, { next: 'add the file, or remove the folder' });
  }
  const up = await readSqlFile(`${path}/up.sql`);
  return {
    name,
    tool: 'diesel',
    up,
    ...(await optionalDown(`${path}/down.sql`, files.includes('down.sql'), isOne)),
    in_transaction: isOne(up),
  };
}

/**
 * A folder each, `2019-02-26-002946_create_user`, with `up.sql` and `down.sql`: Diesel, and Lemmy, which uses it.
 * Source: Diesel, `migrations_internals`, `file_based_migrations.rs` and `PgConnection::batch_execute`.
 */
export const diesel: Adapter = {
  tool: 'diesel',
  naming: '2024-01-01-120000_name/up.sql and down.sql',
  recognises: ({ folders }) => folders.some((name) => FOLDER.test(name)),
  read: async (folder) => {
    const migrations = await Promise.all(
      folder.folders.filter((name) => FOLDER.test(name)).map((name) => readOne(folder, name)),
    );
    refuseDuplicates(migrations, ({ name }) => dieselVersion(name));
    return migrations.toSorted((left, right) =>
      dieselVersion(left.name) < dieselVersion(right.name) ? -1 : 1,
    );
  },
};
