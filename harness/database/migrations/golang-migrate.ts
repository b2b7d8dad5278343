import {
  type Adapter,
  compareDigits,
  inFolder,
  optionalDown,
  readSqlFile,
  refuseDuplicates,
  runsAsWhole,
} from './adapter.ts';

const UP = /^(\d+)_(.*)\.up\.sql$/;

function versionOf(name: string): string {
  return /^\d+/.exec(name)?.[0] ?? '0';
}

/**
 * `000001_name.up.sql`, `000001_name.down.sql`. A file is sent to the server as a whole.
 * Source: golang-migrate, `source/parse.go` and `database/postgres`.
 */
export const golangMigrate: Adapter = {
  tool: 'golang-migrate',
  naming: '000001_name.up.sql and 000001_name.down.sql',
  recognises: ({ files }) => files.some((name) => UP.test(name)),
  read: async (folder) => {
    const ups = folder.files
      .filter((name) => UP.test(name))
      .toSorted((left, right) => compareDigits(versionOf(left), versionOf(right)));
    const migrations = await Promise.all(
      ups.map(async (file) => {
        const name = file.slice(0, -'.up.sql'.length);
        const up = await readSqlFile(inFolder(folder, file));
        const down = folder.files.find(
          (other) => other.endsWith('.down.sql') && versionOf(other) === versionOf(file),
        );
        return {
          name,
          tool: 'golang-migrate' as const,
          up,
          ...(await optionalDown(inFolder(folder, down ?? ''), down !== undefined, runsAsWhole)),
          in_transaction: runsAsWhole(up),
        };
      }),
    );
    refuseDuplicates(migrations, ({ name }) => BigInt(versionOf(name)).toString());
    return migrations;
  },
};
