import { extname } from 'node:path';
import { parse as parseYaml } from 'yaml';
import * as v from 'valibot';
import { messageOf, UnfitError, UsageError } from '#harness/core/errors.ts';
import { findProgram } from '#harness/process/paths.ts';
import { readSql } from '../sql/read.ts';
import { type Adapter, inFolder, type MigrationFolder, runsAsWhole } from './adapter.ts';
import { readSqlText } from './files.ts';
import type { Migration } from './types.ts';

const FILE = /^\d+.*\.(json|ya?ml)$/;

const FileSchema = v.looseObject({
  operations: v.array(v.record(v.string(), v.unknown()), 'must be a list of operations'),
});
const SqlSchema = v.looseObject({ up: v.string(), down: v.optional(v.string()) });

function readOperations(path: string, text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    return v.parse(FileSchema, parseYaml(text)).operations;
  } catch (error) {
    throw new UsageError(`${path} is not a migration of pgroll: ${messageOf(error)}`, { cause: error });
  }
}

/** Only the program itself knows the SQL of an operation: it depends on the tables that it finds. */
function refuseOperation(path: string, operation: string): never {
  if (findProgram('pgroll') === undefined) {
    throw new UnfitError(
      `${path} has the operation ${operation}, which only the program pgroll can run; it is not on this machine`,
      {
        next: 'install pgroll, or give the SQL of the migration',
      },
    );
  }
  throw new UnfitError(
    `${path} has the operation ${operation}, whose SQL pgroll makes from the tables that it finds; the guard judges SQL alone`,
    {
      next: 'run `pgroll start` on a scratch database with log_statement = all, and give the guard the SQL',
    },
  );
}

async function readOne(folder: MigrationFolder, file: string): Promise<Migration> {
  const path = inFolder(folder, file);
  const ups: string[] = [];
  const downs: string[] = [];
  for (const operation of readOperations(path, await readSqlText(path))) {
    const [kind = 'none'] = Object.keys(operation);
    if (kind !== 'sql') refuseOperation(path, kind);
    const { success, output } = v.safeParse(SqlSchema, operation['sql']);
    if (!success) throw new UsageError(`${path}: an operation sql without \`up\``);
    ups.push(output.up);
    if (output.down !== undefined) downs.unshift(output.down);
  }
  const up = await readSql(`${path} (as SQL)`, ups.join(';\n'));
  return {
    name: file.slice(0, -extname(file).length),
    tool: 'pgroll',
    up,
    ...(downs.length === ups.length
      ? { down: await readSql(`${path} (down, as SQL)`, downs.join(';\n')) }
      : {}),
    in_transaction: runsAsWhole(up),
  };
}

/**
 * `01_name.json` or `.yaml` with operations, by name. Raw SQL operations are read as they are; what the other ones do only
 * pgroll knows.
 * Source: pgroll documentation, "Raw SQL" and "Operations".
 */
export const pgroll: Adapter = {
  tool: 'pgroll',
  naming: '01_name.json or 01_name.yaml with operations',
  recognises: ({ files }) => files.some((name) => FILE.test(name)),
  read: async (folder) =>
    Promise.all(folder.files.filter((name) => FILE.test(name)).map((name) => readOne(folder, name))),
};
