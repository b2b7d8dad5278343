/** One migration that is given by its file, and run in the manner of its tool. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import { type Adapter, downPart, type ProgramOptions, readSqlFile, runsAsWhole } from './adapter.ts';
import { DBMATE_MARKER, readDbmateFile } from './dbmate.ts';
import { diesel } from './diesel.ts';
import { drizzle, readJournal } from './drizzle.ts';
import { listFolder, readSqlText } from './files.ts';
import { flyway, flywayVersion, isOneTransaction } from './flyway.ts';
import { golangMigrate } from './golang-migrate.ts';
import { NODE_PG_MIGRATE_MARKER, nodePgMigrate, readNodePgMigrateFile } from './node-pg-migrate.ts';
import { pgroll } from './pgroll.ts';
import { prisma } from './prisma.ts';
import { hasSections } from './sections.ts';
import type { Migration, MigrationTool, SqlFile } from './types.ts';

/** A file as its tool finds it: the folder that the tool reads, and what concerns the file in it. */
interface Found {
  readonly adapter: Adapter;
  readonly folder: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** How each tool runs a file of which nothing but its statements is known. */
const MANNERS: Partial<Record<MigrationTool, (file: SqlFile) => boolean>> = {
  flyway: isOneTransaction,
  'golang-migrate': runsAsWhole,
  prisma: runsAsWhole,
};

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Where the names are those of a tool; its other migrations are left out, since whether they can be read is no matter. */
async function findTool(path: string, tool: MigrationTool | undefined): Promise<Found | undefined> {
  const [name, folder] = [basename(path), dirname(path)];
  const [own, above] = [basename(resolve(folder)), join(folder, '..')];
  const wanted = (one: MigrationTool): boolean => tool === undefined || tool === one;
  const isNamedFor = (one: Adapter): boolean =>
    wanted(one.tool) && one.recognises({ path: folder, files: [name], folders: [] });
  if (name === 'migration.sql' && wanted('prisma') && (await isThere(join(above, 'migration_lock.toml')))) {
    return { adapter: prisma, folder: above, files: ['migration_lock.toml'], folders: [own] };
  }
  if (
    name === 'up.sql' &&
    wanted('diesel') &&
    diesel.recognises({ path: above, files: [], folders: [own] })
  ) {
    return { adapter: diesel, folder: above, files: [], folders: [own] };
  }
  if (isNamedFor(nodePgMigrate)) {
    return { adapter: nodePgMigrate, folder, files: [name], folders: [] };
  }
  if (isNamedFor(pgroll)) {
    return { adapter: pgroll, folder, files: [name], folders: [] };
  }
  const { files } = await listFolder(folder);
  if (isNamedFor(flyway)) {
    const version = flywayVersion(name);
    const undo = name.startsWith('R__')
      ? []
      : files.filter((one) => /^U.*__.*\.sql$/.test(one) && flywayVersion(one) === version);
    const own_files = [name, ...undo];
    const settings = own_files.map((one) => `${one}.conf`).filter((one) => files.includes(one));
    return { adapter: flyway, folder, files: [...own_files, ...settings], folders: [] };
  }
  if (isNamedFor(golangMigrate)) {
    const down = files.filter((one) => one === name.replace(/\.up\.sql$/, '.down.sql'));
    return { adapter: golangMigrate, folder, files: [name, ...down], folders: [] };
  }
  return undefined;
}

/** What Drizzle's journal says of a file that stands beside it. */
async function readDrizzleFile(path: string): Promise<Migration> {
  const name = basename(path, '.sql');
  const has_journal = await isThere(join(dirname(path), 'meta/_journal.json'));
  const entry = has_journal ? (await readJournal(dirname(path))).find(({ tag }) => tag === name) : undefined;
  const version = entry === undefined ? {} : { version: String(entry.when) };
  return { name, tool: 'drizzle', ...version, up: await readSqlFile(path), in_transaction: true };
}

/** By the comments in it, as the tools that keep both ways in one file write them. */
async function readSections(path: string, tool: MigrationTool | undefined): Promise<Migration | undefined> {
  const name = basename(path, '.sql');
  if (tool === 'dbmate') return await readDbmateFile(path, name);
  if (tool === 'node-pg-migrate') return await readNodePgMigrateFile(path, name);
  if (tool !== undefined) return undefined;
  const text = await readSqlText(path);
  if (hasSections(text, DBMATE_MARKER)) return await readDbmateFile(path, name);
  return hasSections(text, NODE_PG_MIGRATE_MARKER) ? await readNodePgMigrateFile(path, name) : undefined;
}

async function readNamed(
  path: string,
  tool: MigrationTool | undefined,
  options: ProgramOptions,
): Promise<readonly Migration[]> {
  const found = await findTool(path, tool);
  if (found !== undefined) {
    const { adapter, folder, files, folders } = found;
    return await adapter.read({ path: folder, files, folders }, options);
  }
  const sections = await readSections(path, tool);
  if (sections !== undefined) return [sections];
  const is_drizzle =
    drizzle.recognises({ path: dirname(path), files: [basename(path)], folders: ['meta'] }) &&
    (await isThere(join(dirname(path), 'meta/_journal.json')));
  if (tool === 'drizzle' || (tool === undefined && is_drizzle)) return [await readDrizzleFile(path)];
  if (tool === undefined) return [];
  const up = await readSqlFile(path);
  const in_transaction = MANNERS[tool]?.(up) ?? true;
  return [{ name: basename(path, '.sql'), tool, up, in_transaction }];
}

/** The down file that belongs to an up file by the rules of whatever tool names it so, where there is one. */
export async function downBeside(up: string): Promise<string | undefined> {
  const name = basename(up);
  const down = name
    .replace(/^up\.sql$/, 'down.sql')
    .replace(/\.up\.sql$/, '.down.sql')
    .replace(/^V(\d)/, 'U$1');
  if (down === name) return undefined;
  const { files } = await listFolder(dirname(up));
  return files.includes(down) ? join(dirname(up), down) : undefined;
}

/** With the way back that somebody named. */
async function withDown(migration: Migration, down: string): Promise<Migration> {
  const { tool, up, in_transaction } = migration;
  if (migration.down?.path === up.path) {
    throw new UsageError(`--down names a way back, and ${up.path} has one in it`, {
      next: 'leave out --down, or take the way back out of the file',
    });
  }
  if (migration.down?.path === down) return migration;
  const file = await readSqlFile(down);
  // What Diesel is told of one way it is told of the other.
  const manner = tool === 'diesel' ? (one: SqlFile) => in_transaction || runsAsWhole(one) : MANNERS[tool];
  return { ...migration, ...downPart(file, manner?.(file) ?? true) };
}

/**
 * The migrations that a tool makes of one file; none where neither its names nor what stands in it are those of a tool.
 *
 * @param tool told by the names and by what stands in the file when absent
 * @param down file with the way back; the one that belongs to the file by the rules of its tool when absent
 * @throws UsageError when a file cannot be read, does not parse or breaks the rules of the tool, and when two ways back are
 *   given; UnfitError where only the tool's program knows the SQL, and it is not there
 */
export async function readByTool(
  path: string,
  {
    tool,
    down,
    ...options
  }: ProgramOptions & {
    readonly tool?: MigrationTool | undefined;
    readonly down?: string | undefined;
  },
): Promise<readonly Migration[]> {
  const migrations = await readNamed(path, tool, options);
  const [first] = migrations;
  if (down === undefined) {
    // A tool that was named may know nothing of it; the project has it all the same.
    const beside = migrations.length === 1 && first?.down === undefined ? await downBeside(path) : undefined;
    return first === undefined || beside === undefined ? migrations : [await withDown(first, beside)];
  }
  if (migrations.length > 1) {
    throw new UsageError(`--down names one way back, and ${path} is ${migrations.length} acts`, {
      next: 'leave out --down',
    });
  }
  return await Promise.all(migrations.map((one) => withDown(one, down)));
}
