import { extname } from 'node:path';
import { parse as parseYaml } from 'yaml';
import * as v from 'valibot';
import { messageOf, UnfitError, UsageError } from '#harness/core/errors.ts';
import { readSql } from '../sql/read.ts';
import {
  type Adapter,
  downPart,
  inFolder,
  type MigrationFolder,
  type ProgramOptions,
  runsAsWhole,
} from './adapter.ts';
import { readSqlText } from './files.ts';
import { pgrollPart } from './pgroll-parts.ts';
import { findPgroll, type RecordedMigration, recordMigrations } from './pgroll-program.ts';
import { migrationSql } from './pgroll-sql.ts';
import type { Migration } from './types.ts';

const FILE = /^\d+.*\.(json|ya?ml)$/;

const FileSchema = v.looseObject({
  operations: v.array(v.record(v.string(), v.unknown()), 'must be a list of operations'),
});
const SqlSchema = v.looseObject({ up: v.string(), down: v.optional(v.string()) });

interface PgrollFile {
  readonly name: string;
  readonly path: string;
  readonly operations: readonly Readonly<Record<string, unknown>>[];
}

async function readOperations(folder: MigrationFolder, file: string): Promise<PgrollFile> {
  const path = inFolder(folder, file);
  const text = await readSqlText(path);
  try {
    const { operations } = v.parse(FileSchema, parseYaml(text));
    return { name: file.slice(0, -extname(file).length), path, operations };
  } catch (error) {
    throw new UsageError(`${path} is not a migration of pgroll: ${messageOf(error)}`, { cause: error });
  }
}

/** The first operation that is no SQL. */
function operationIn({ operations }: PgrollFile): string | undefined {
  return operations.map((one) => Object.keys(one)[0] ?? 'none').find((kind) => kind !== 'sql');
}

async function readRawSql({ name, path, operations }: PgrollFile): Promise<Migration> {
  const ups: string[] = [];
  const downs: string[] = [];
  for (const operation of operations) {
    const { success, output } = v.safeParse(SqlSchema, operation['sql']);
    if (!success) throw new UsageError(`${path}: an operation sql without \`up\``);
    ups.push(output.up);
    if (output.down !== undefined) downs.unshift(output.down);
  }
  const up = await readSql(`${path} (as SQL)`, ups.join(';\n'));
  const down = await readSql(`${path} (down, as SQL)`, downs.join(';\n'));
  return {
    name,
    tool: 'pgroll',
    up,
    ...(downs.length === ups.length ? downPart(down, runsAsWhole(down)) : {}),
    in_transaction: runsAsWhole(up),
  };
}

/** Each statement is sent by itself, with the transactions that pgroll makes of some. */
async function actsOf(
  { name, path }: PgrollFile,
  { start, rollback, complete }: RecordedMigration,
): Promise<readonly Migration[]> {
  const acts: readonly Migration[] = [
    {
      name: pgrollPart(name, 'start'),
      tool: 'pgroll',
      up: await migrationSql(`${path} (start, as SQL)`, start),
      ...downPart(await migrationSql(`${path} (rollback, as SQL)`, rollback), false),
      in_transaction: false,
    },
    {
      name: pgrollPart(name, 'complete'),
      tool: 'pgroll',
      up: await migrationSql(`${path} (complete, as SQL)`, complete),
      in_transaction: false,
    },
  ];
  return acts.filter(({ up }) => up.statements.length > 0);
}

/** What operations become depends on the tables that they find, so all migrations are run, the earlier ones too. */
async function readByProgram(
  files: readonly PgrollFile[],
  operation: string,
  options: ProgramOptions,
): Promise<readonly Migration[]> {
  const program = findPgroll();
  if (program === undefined) {
    throw new UnfitError(
      `${operation}, which only the program pgroll knows the SQL of; it is not on this machine`,
      {
        next: 'install pgroll, or give the SQL of the migration',
      },
    );
  }
  const recorded = await recordMigrations(
    program,
    files.map(({ path }) => path),
    options,
  );
  const acts: Migration[] = [];
  for (const [index, file] of files.entries()) {
    const one = recorded[index];
    if (one !== undefined) acts.push(...(await actsOf(file, one)));
  }
  return acts;
}

/**
 * `01_name.json` or `.yaml` with operations, by name. Raw SQL operations are read as they are. Where there are others, pgroll
 * itself runs all of them on a server of its own, and what it sends is taken down: `name.start`, whose way back is a
 * rollback, and `name.complete`, which has none.
 * Source: pgroll documentation, "Raw SQL", "Operations" and "Command line reference".
 */
export const pgroll: Adapter = {
  tool: 'pgroll',
  naming: '01_name.json or 01_name.yaml with operations',
  recognises: ({ files }) => files.some((name) => FILE.test(name)),
  read: async (folder, options) => {
    const names = folder.files.filter((name) => FILE.test(name));
    const files = await Promise.all(names.map((name) => readOperations(folder, name)));
    for (const file of files) {
      const operation = operationIn(file);
      if (operation === undefined) continue;
      return await readByProgram(files, `${file.path} has the operation ${operation}`, options);
    }
    return await Promise.all(files.map(readRawSql));
  },
};
