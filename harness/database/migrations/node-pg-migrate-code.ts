/** Migrations of node-pg-migrate that are code: its own builder says which SQL they make. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ColumnDefinitions, MigrationBuilder } from 'node-pg-migrate';
import { messageOf, UnfitError, UsageError } from '#harness/core/errors.ts';
import { readSql } from '../sql/read.ts';
import { downPart } from './adapter.ts';
import type { Migration, SqlFile } from './types.ts';

type Action = (builder: MigrationBuilder, done?: () => void) => unknown;

interface Actions {
  readonly up: Action;
  /** False: there is no way back. Undefined: the builder turns the way forward round. */
  readonly down: Action | false | undefined;
  readonly shorthands: ColumnDefinitions;
}

interface Rendered {
  readonly sql: SqlFile;
  readonly in_transaction: boolean;
}

async function loadBuilder(): Promise<typeof MigrationBuilder> {
  try {
    return (await import('node-pg-migrate')).MigrationBuilder;
  } catch (error) {
    throw new UnfitError('migrations of node-pg-migrate that are code need the package node-pg-migrate', {
      next: 'npm install node-pg-migrate',
      cause: error,
    });
  }
}

function isAction(value: unknown): value is Action {
  return typeof value === 'function';
}

function isShorthands(value: unknown): value is ColumnDefinitions {
  return typeof value === 'object' && value !== null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

async function loadActions(path: string): Promise<Actions> {
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new UsageError(`${path} cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  const exported =
    isRecord(loaded) && !('up' in loaded) && isRecord(loaded['default']) ? loaded['default'] : loaded;
  const { up, down, shorthands } = isRecord(exported) ? exported : {};
  if (!isAction(up)) throw new UsageError(`${path} exports no function \`up\``);
  if (down !== undefined && down !== false && !isAction(down)) {
    throw new UsageError(`${path}: \`down\` is neither a function nor false`);
  }
  return { up, down, shorthands: isShorthands(shorthands) ? shorthands : {} };
}

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

async function refuseQuery(): Promise<never> {
  throw new UnfitError(
    'it asks the database while it is made into SQL, which cannot be told without running it',
  );
}

async function render(
  path: string,
  action: Action,
  shorthands: ColumnDefinitions,
  reverse: boolean,
): Promise<Rendered> {
  const Builder = await loadBuilder();
  const builder = new Builder({ query: refuseQuery, select: refuseQuery }, shorthands, false, SILENT);
  if (reverse) builder.enableReverseMode();
  try {
    await (action.length === 2
      ? new Promise<void>((done) => {
          action(builder, done);
        })
      : action(builder));
  } catch (error) {
    if (error instanceof UnfitError) throw new UnfitError(`${path}: ${error.message}`, { cause: error });
    throw new UsageError(`${path} cannot be made into SQL: ${messageOf(error)}`, { cause: error });
  }
  return {
    sql: await readSql(`${path} (${reverse ? 'reversed, ' : ''}as SQL)`, builder.getSql()),
    in_transaction: builder.isUsingTransaction(),
  };
}

/**
 * A migration that is a file of JavaScript or TypeScript. The file is run, as the tool does; positions are those of the
 * SQL that it makes.
 *
 * @throws UsageError when it cannot be loaded or makes no SQL
 * @throws UnfitError when it asks the database, or the package is not there
 */
export async function renderCode(path: string, name: string): Promise<Migration> {
  const { up, down, shorthands } = await loadActions(path);
  const forward = await render(path, up, shorthands, false);
  const back = down === false ? undefined : await reversed(path, { up, down, shorthands });
  return {
    name,
    tool: 'node-pg-migrate',
    up: forward.sql,
    ...(back === undefined ? {} : downPart(back.sql, back.in_transaction)),
    in_transaction: forward.in_transaction,
  };
}

/** The way back, where there is one: an operation without an inverse has none. */
async function reversed(path: string, { up, down, shorthands }: Actions): Promise<Rendered | undefined> {
  if (isAction(down)) return render(path, down, shorthands, false);
  try {
    return await render(path, up, shorthands, true);
  } catch (error) {
    if (
      error instanceof UsageError &&
      error.message.includes('Impossible to automatically infer down migration')
    )
      return undefined;
    throw error;
  }
}
