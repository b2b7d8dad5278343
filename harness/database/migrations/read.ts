/** Reads the migrations of a project, whatever tool it runs them with. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsageError } from '#harness/core/errors.ts';
import type { Adapter, MigrationFolder, ProgramOptions } from './adapter.ts';
import { DBMATE_MARKER, dbmate } from './dbmate.ts';
import { diesel } from './diesel.ts';
import { drizzle } from './drizzle.ts';
import { listFolder, readSqlText } from './files.ts';
import { flyway } from './flyway.ts';
import { golangMigrate } from './golang-migrate.ts';
import { NODE_PG_MIGRATE_MARKER, nodePgMigrate } from './node-pg-migrate.ts';
import { downBeside, readByTool } from './one-file.ts';
import { pgroll } from './pgroll.ts';
import { readPlainMigration } from './plain.ts';
import { prisma } from './prisma.ts';
import { hasSections } from './sections.ts';
import type { Migration, MigrationSet, MigrationTool, SqlFile } from './types.ts';

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
  /** Told by the names of files, and by what stands in them, when absent. */
  readonly tool?: MigrationTool;
  /** Down file of a migration that is one plain file; the one beside it by the rules of its tool when absent. */
  readonly down?: string;
}

/** Marks of tools that keep up and down in one file and that are not read here: run as they are, both would run. */
const FOREIGN = /^--\s*\+(goose|migrate)\s+(up|down)\b/im;

function refuseForeign({ path, text }: Pick<SqlFile, 'path' | 'text'>): void {
  const found = FOREIGN.exec(text);
  if (found === null) return;
  const tool = found[1]?.toLowerCase() === 'goose' ? 'goose' : 'sql-migrate';
  throw new UsageError(`the file has both ways in it, as ${tool} writes them, which is not read`, {
    position: { file: path, line: text.slice(0, found.index).split('\n').length, column: 1 },
    next: 'give the ways up and down as two files',
  });
}

/** One file: its name and what stands in it tell whose it is. The set has its path where a folder's has the folder. */
async function readFile(path: string, options: ReadOptions): Promise<MigrationSet> {
  const { tool, down } = options;
  const migrations = tool === 'sql' ? [] : await readByTool(path, options);
  const [first] = migrations;
  if (first !== undefined) {
    for (const { up } of migrations) refuseForeign(up);
    return { tool: first.tool, root: path, migrations };
  }
  const plain = await readPlainMigration(path, down ?? (await downBeside(path)));
  refuseForeign(plain.up);
  return { tool: 'sql', root: path, migrations: [plain] };
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
  refuseForeign({ path, text });
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
    const only = await readPlainMigration(join(folder.path, 'up.sql'), down);
    refuseForeign(only.up);
    return [only];
  }
  const migrations = await Promise.all(
    ups.map((file) => {
      const down = downOf(file);
      return readPlainMigration(
        join(folder.path, file),
        down === undefined ? undefined : join(folder.path, down),
      );
    }),
  );
  for (const { up } of migrations) refuseForeign(up);
  return migrations;
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
  const { tool, down } = options;
  if (down !== undefined) {
    throw new UsageError(`--down is the way back of a single file, and ${path} is a folder`, {
      next: 'leave it out: ways back are found in a folder by their names',
    });
  }
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
  return (await isFolder(path)) ? readFolder(path, options) : readFile(path, options);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const is_absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UsageError(is_absent ? `there is no ${path}` : `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
