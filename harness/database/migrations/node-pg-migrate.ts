import { extname } from 'node:path';
import { readSql } from '../sql/read.ts';
import { type Adapter, downPart, inFolder, optionalDown, readSqlFile, refuseDuplicates } from './adapter.ts';
import { readSqlText } from './files.ts';
import { renderCode } from './node-pg-migrate-code.ts';
import { sectionsOf } from './sections.ts';
import type { Migration } from './types.ts';

export const NODE_PG_MIGRATE_MARKER = /^\s*--[\s-]*(up|down)\s+migration(.*)$/i;

const CODE = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);
const FILE = /^(\d+)\D.*\.(sql|[mc]?[jt]s)$/;

/** A name of 17 digits is a time in UTC, any other one a number. */
function prefixOf(file: string): number {
  const digits = /^\d+/.exec(file)?.[0] ?? '0';
  if (digits.length !== 17) return Number(digits);
  const [date, time] = [digits.slice(0, 8), digits.slice(8)];
  const iso = `${date.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3')}T${time.replace(/(\d\d)(\d\d)(\d\d)(\d{3})/, '$1:$2:$3.$4')}Z`;
  return Date.parse(iso);
}

/**
 * One file of SQL as node-pg-migrate reads it; without a comment for up all of it is up.
 *
 * @throws UsageError when it cannot be read or does not parse
 */
export async function readNodePgMigrateFile(path: string, name: string): Promise<Migration> {
  const text = await readSqlText(path);
  const sections = sectionsOf(path, text, NODE_PG_MIGRATE_MARKER);
  const up = sections.find(({ direction }) => direction === 'up');
  const down = sections.find(({ direction }) => direction === 'down');
  return {
    name,
    tool: 'node-pg-migrate',
    up: await readSql(path, up?.text ?? text),
    ...(down === undefined ? {} : downPart(await readSql(path, down.text), true)),
    in_transaction: true,
  };
}

async function readOne(path: string, file: string, files: readonly string[]): Promise<Migration> {
  const name = file.replace(/(\.up)?\.[a-z]+$/, '');
  if (CODE.has(extname(file))) return renderCode(path, name);
  if (!file.endsWith('.up.sql')) return readNodePgMigrateFile(path, name);
  const down = `${name}.down.sql`;
  return {
    name,
    tool: 'node-pg-migrate',
    up: await readSqlFile(path),
    ...(await optionalDown(path.replace(/up\.sql$/, 'down.sql'), files.includes(down), () => true)),
    in_transaction: true,
  };
}

/**
 * `1700000000000_name.js`, `.ts` or `.sql` by the number that they begin with. What a file of code does is told by the
 * tool's own builder.
 * Source: node-pg-migrate, `migration.ts`, `sqlMigration.ts` and `migrationLoader.ts`.
 */
export const nodePgMigrate: Adapter = {
  tool: 'node-pg-migrate',
  naming: '1700000000000_name.js, .ts, or .sql with `-- Up Migration` and `-- Down Migration`',
  recognises: ({ files }) => files.some((name) => FILE.test(name) && !name.endsWith('.sql')),
  read: async (folder) => {
    const files = folder.files
      .filter((name) => FILE.test(name) && !name.endsWith('.down.sql') && !name.endsWith('.d.ts'))
      .toSorted(
        (left, right) =>
          prefixOf(left) - prefixOf(right) || left.localeCompare(right, undefined, { numeric: true }),
      );
    const migrations: Migration[] = [];
    // One after another: code of a project may count on what an earlier file has set up.
    for (const file of files) migrations.push(await readOne(inFolder(folder, file), file, folder.files));
    refuseDuplicates(migrations, ({ name }) => name);
    return migrations;
  },
};
