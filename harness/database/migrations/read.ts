/** Reads the migrations of a project, whatever tool it runs them with. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '#harness/core/errors.ts';
import type { Adapter, MigrationFolder, ProgramOptions } from './adapter.ts';
import { DBMATE_MARKER, dbmate, readDbmateFile } from './dbmate.ts';
import { diesel } from './diesel.ts';
import { drizzle } from './drizzle.ts';
import { listFolder, readSqlText } from './files.ts';
import { flyway } from './flyway.ts';
import { golangMigrate } from './golang-migrate.ts';
import { NODE_PG_MIGRATE_MARKER, nodePgMigrate, readNodePgMigrateFile } from './node-pg-migrate.ts';
import { pgroll } from './pgroll.ts';
import { readPlainMigration } from './plain.ts';
import { prisma } from './prisma.ts';
import { hasSections } from './sections.ts';
import type { Migration, MigrationSet, MigrationTool } from './types.ts';

/** Those whose names leave no doubt stand first. */
const ADAPTERS: readonly Adapter[] = [
  prisma,
  drizzle,
  flyway,
  golangMigrate,
  diesel,
  nodePgMigrate,
  dbmate,
  pgroll,
];

/** Tools whose migrations can be read. */
export const MIGRATION_TOOLS: readonly MigrationTool[] = ['sql', ...ADAPTERS.map(({ tool }) => tool)];

export interface ReadOptions extends ProgramOptions {
  /** Told by the names of files when absent. */
  readonly tool?: MigrationTool;
  /** Down file of a migration that is one plain file; the one beside it by the rules of its tool when absent. */
  readonly down?: string;
}

/** Marks of tools that keep up and down in one file and that are not read here: run as they are, both would run. */
const FOREIGN = /^--\s*\+(goose|migrate)\s+(up|down)\b/im;

async function refuseForeign(path: string, text: string): Promise<void> {
  const found = FOREIGN.exec(text);
  if (found === null) return;
  const tool = found[1]?.toLowerCase() === 'goose' ? 'goose' : 'sql-migrate';
  throw new UsageError(`the file has both ways in it, as ${tool} writes them, which is not read`, {
    position: { file: path, line: text.slice(0, found.index).split('\n').length, column: 1 },
    next: 'give the ways up and down as two files',
  });
}

/** The down file that belongs to an up file by the rules of its tool, where there is one. */
async function downBeside(up: string): Promise<string | undefined> {
  const name = basename(up);
  const down = name
    .replace(/^up\.sql$/, 'down.sql')
    .replace(/\.up\.sql$/, '.down.sql')
    .replace(/^V(\d)/, 'U$1');
  if (down === name) return undefined;
  const { files } = await listFolder(dirname(up));
  return files.includes(down) ? join(dirname(up), down) : undefined;
}

/** One file: what stands in it tells whether it holds both ways. */
async function readFile(path: string, { tool, down }: ReadOptions): Promise<MigrationSet> {
  const text = await readSqlText(path);
  const name = basename(path).replace(/\.sql$/, '');
  const root = dirname(path);
  if (tool === 'dbmate' || (tool === undefined && hasSections(text, DBMATE_MARKER))) {
    return { tool: 'dbmate', root, migrations: [await readDbmateFile(path, name)] };
  }
  if (tool === 'node-pg-migrate' || (tool === undefined && hasSections(text, NODE_PG_MIGRATE_MARKER))) {
    return { tool: 'node-pg-migrate', root, migrations: [await readNodePgMigrateFile(path, name)] };
  }
  await refuseForeign(path, text);
  return {
    tool: 'sql',
    root,
    migrations: [await readPlainMigration(path, down ?? (await downBeside(path)))],
  };
}

/** Files that are named alike are told apart by what stands in the first one. */
async function adapterOf(folder: MigrationFolder): Promise<Adapter | undefined> {
  const found = ADAPTERS.find((adapter) => adapter.recognises(folder));
  const first = folder.files.find((name) => /^\d+.*\.sql$/.test(name));
  if (found?.tool !== 'dbmate' || first === undefined) return found;
  const path = join(folder.path, first);
  const text = await readSqlText(path);
  if (hasSections(text, DBMATE_MARKER)) return dbmate;
  if (hasSections(text, NODE_PG_MIGRATE_MARKER)) return nodePgMigrate;
  await refuseForeign(path, text);
  return undefined;
}

/** Plain files in a folder, in the order of their names: `name.up.sql` and `name.down.sql` are one, any other one is up. */
async function readPlainFolder(folder: MigrationFolder): Promise<readonly Migration[]> {
  const files = folder.files.filter((name) => name.endsWith('.sql'));
  const downOf = (file: string): string | undefined => {
    const stem = file.replace(/(\.up)?\.sql$/, '');
    return files.find((other) => other !== file && other === `${stem}.down.sql`);
  };
  const ups = files.filter((name) => !name.endsWith('.down.sql'));
  if (ups.includes('up.sql')) {
    const down = files.includes('down.sql') ? join(folder.path, 'down.sql') : undefined;
    return [await readPlainMigration(join(folder.path, 'up.sql'), down)];
  }
  return Promise.all(
    ups.map((file) => {
      const down = downOf(file);
      return readPlainMigration(
        join(folder.path, file),
        down === undefined ? undefined : join(folder.path, down),
      );
    }),
  );
}

function namings(): string {
  return ADAPTERS.map(({ tool, naming }) => `${tool}: ${naming}`).join('; ');
}

/** Where they are likely, or what they look like. */
function nextFor({ path, folders }: MigrationFolder): string {
  const likely = folders.find((name) => /^(migrations?|db|sql|drizzle|prisma)$/.test(name));
  return likely === undefined
    ? `give a folder with files of SQL, or named as a tool names them (${namings()})`
    : `give the folder that they are in, such as ${join(path, likely)}`;
}

async function readFolder(path: string, options: ReadOptions): Promise<MigrationSet> {
  const { tool } = options;
  const folder: MigrationFolder = { path, ...(await listFolder(path)) };
  const adapter = tool === undefined ? await adapterOf(folder) : ADAPTERS.find((one) => one.tool === tool);
  const migrations =
    adapter === undefined ? await readPlainFolder(folder) : await adapter.read(folder, options);
  if (migrations.length === 0) {
    throw new UsageError(
      `no migrations in ${path}${adapter === undefined ? '' : ` that ${adapter.tool} would run`}`,
      {
        next: nextFor(folder),
      },
    );
  }
  return { tool: adapter?.tool ?? 'sql', root: path, migrations };
}

/**
 * The migrations in a file or a folder, in the order in which their tool runs them.
 *
 * @throws UsageError when there are none, a file cannot be read or does not parse, two have the same version, or the
 *   rules of the tool are broken; with file, line and column where there are any
 * @throws UnfitError when they can only be told with a program that is not there
 */
export async function readMigrations(path: string, options: ReadOptions = {}): Promise<MigrationSet> {
  try {
    if ((await stat(path)).isDirectory()) return await readFolder(path, options);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new UsageError(`there is no ${path}`, { cause: error });
    }
    throw error;
  }
  return readFile(path, options);
}

/**
 * For a run that is to go back as well.
 *
 * @throws UsageError naming the migrations without a way down
 */
export function requireDowns({ migrations, tool }: MigrationSet): void {
  const missing = migrations.filter(({ down }) => down === undefined);
  if (missing.length === 0) return;
  throw new UsageError(`no way down: ${missing.map(({ up }) => up.path).join(', ')}`, {
    next:
      tool === 'sql' ? 'name the file with --down' : `add it as ${tool} names it, or judge the way up alone`,
  });
}
