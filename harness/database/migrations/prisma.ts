import { UsageError } from '#harness/core/errors.ts';
import { type Adapter, inFolder, optionalDown, readSqlFile, runsAsWhole } from './adapter.ts';
import { listFolder, readSqlText } from './files.ts';
import type { Migration } from './types.ts';

async function refuseOtherDatabases(path: string): Promise<void> {
  const text = await readSqlText(path);
  const provider = /^\s*provider\s*=\s*"([^"]*)"/m.exec(text)?.[1] ?? 'none';
  if (provider === 'postgresql' || provider === 'cockroachdb') return;
  throw new UsageError(`${path} is for ${provider}; the guard judges migrations of PostgreSQL`);
}

/**
 * A folder each with `migration.sql`, in the order of their names; `down.sql` where somebody wrote one, as Prisma's own
 * guide names it. The file is sent to the server as a whole.
 * Source: Prisma documentation, "About migration histories" and "Generating down migrations".
 */
export const prisma: Adapter = {
  tool: 'prisma',
  naming: '20240101120000_name/migration.sql beside migration_lock.toml',
  recognises: ({ files }) => files.includes('migration_lock.toml'),
  read: async (folder) => {
    await refuseOtherDatabases(inFolder(folder, 'migration_lock.toml'));
    return Promise.all(
      folder.folders.map(async (name): Promise<Migration> => {
        const path = inFolder(folder, name);
        const { files } = await listFolder(path);
        if (!files.includes('migration.sql')) {
          throw new UsageError(`${path} has no migration.sql`, {
            next: 'add the file, or remove the folder',
          });
        }
        const up = await readSqlFile(`${path}/migration.sql`);
        return {
          name,
          tool: 'prisma',
          up,
          ...(await optionalDown(`${path}/down.sql`, files.includes('down.sql'), runsAsWhole)),
          in_transaction: runsAsWhole(up),
        };
      }),
    );
  },
};
