/** The linter squawk on the files of migrations: the static half of the guard, whose rule names are kept as they are. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { LintFacts, LintFinding } from '#harness/core/guard/facts.ts';
import { CommandError, tryRun } from '#harness/process/run.ts';
import type { Migration, SqlFile } from '../migrations/types.ts';
import { characters, type Place } from '../sql/text.ts';

const TIMEOUT_S = 60;

const PackageSchema = v.object({ version: v.string() });

/** As squawk writes it: lines and columns from 0, columns in bytes. */
const ReportSchema = v.array(
  v.object({
    file: v.string(),
    line: v.number(),
    column: v.number(),
    line_end: v.number(),
    column_end: v.number(),
    level: v.string(),
    message: v.string(),
    help: v.nullable(v.string()),
    rule_name: v.string(),
  }),
);

type Reported = v.InferOutput<typeof ReportSchema>[number];

interface Program {
  readonly path: string;
  readonly version: string;
}

/**
 * The program comes with a package of its own for each kind of machine, which is asked for by itself: the package of all of them
 * names some that cannot be had everywhere, and npm installs nothing from a lock that lacks one of them.
 */
async function findSquawk(): Promise<Program> {
  try {
    const of_machine = `@squawk-cli/${process.platform}-${process.arch}`;
    const manifest = fileURLToPath(import.meta.resolve(`${of_machine}/package.json`));
    const { version } = v.parse(PackageSchema, JSON.parse(await readFile(manifest, 'utf8')));
    return { path: createRequire(manifest).resolve(`${of_machine}/bin/squawk`), version };
  } catch (error) {
    throw new UnfitError(
      `the linter squawk is not installed for ${process.platform} on ${process.arch}: ${messageOf(error).split('\n')[0]}`,
      { next: 'npm ci --include=optional', cause: error },
    );
  }
}

/** Place in the text of what squawk names by line and byte. */
function placeOf(lines: readonly string[], line: number, column: number): Place {
  const before = Buffer.from(lines[line] ?? '', 'utf8').toString('utf8', 0, column);
  return { line: line + 1, column: characters(before).length + 1 };
}

function isUpTo(left: Place, right: Place): boolean {
  return left.line < right.line || (left.line === right.line && left.column <= right.column);
}

/** The statement that a finding begins in; one that begins in the comment before a statement is about that one. */
function statementAt({ statements }: SqlFile, from: Place, to: Place): number | undefined {
  const found =
    statements.findLast(({ position }) => isUpTo(position, from)) ??
    statements.find(({ position }) => isUpTo(position, to));
  return found?.index;
}

function asFinding({ name, up }: Migration, reported: Reported): LintFinding {
  const lines = up.text.split('\n');
  const from = placeOf(lines, reported.line, reported.column);
  const statement = statementAt(up, from, placeOf(lines, reported.line_end, reported.column_end));
  return {
    rule: reported.rule_name,
    level: reported.level.toLowerCase(),
    message: reported.message,
    ...(reported.help === null ? {} : { help: reported.help }),
    position: { file: up.path, ...from },
    migration: name,
    ...(statement === undefined ? {} : { statement }),
  };
}

interface Wanted {
  readonly squawk: Program;
  readonly pg_version: string;
  readonly signal: AbortSignal | undefined;
}

/** Runs squawk once on files that are all run within a transaction, or all without. */
async function report(
  files: readonly string[],
  in_transaction: boolean,
  { squawk, pg_version, signal }: Wanted,
): Promise<readonly Reported[]> {
  if (files.length === 0) return [];
  const command = [
    squawk.path,
    '--reporter=json',
    `--pg-version=${pg_version}`,
    in_transaction ? '--assume-in-transaction' : '--no-assume-in-transaction',
    ...files,
  ];
  const result = await tryRun(command, { timeout_s: TIMEOUT_S, ...(signal ? { signal } : {}) });
  signal?.throwIfAborted();
  // It exits 1 when it has found anything.
  if (result.exit_code !== 0 && result.exit_code !== 1) throw new CommandError([squawk.path], result);
  try {
    return v.parse(ReportSchema, JSON.parse(result.stdout));
  } catch (error) {
    throw new UnfitError(
      `squawk ${squawk.version} answered something else than findings: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

export interface LintOptions {
  /** As the server says, `18.4`: some rules depend on it. */
  readonly pg_version: string;
  readonly signal?: AbortSignal;
}

/**
 * What squawk says of the ways up, in the order of the migrations and of their lines. A `.squawk.toml` of the project and
 * comments in the files count, as they do when squawk is run by hand.
 *
 * @throws UnfitError when squawk is not installed for this machine, or does not run
 */
export async function lintMigrations(
  migrations: readonly Migration[],
  { pg_version, signal }: LintOptions,
): Promise<LintFacts> {
  const squawk = await findSquawk();
  // Not the files themselves: a part of one, or SQL that code has made, is no file.
  await using folder = await mkdtempDisposable(join(tmpdir(), 'mettle-lint-'));
  const at = (index: number): string => join(folder.path, `${index}.sql`);
  await Promise.all(migrations.map(({ up }, index) => writeFile(at(index), up.text)));
  const of = (in_transaction: boolean): readonly string[] =>
    migrations.flatMap((one, index) => (one.in_transaction === in_transaction ? [at(index)] : []));
  const wanted = { squawk, pg_version, signal };
  const reported = [...(await report(of(true), true, wanted)), ...(await report(of(false), false, wanted))];
  const by_file = Map.groupBy(reported, ({ file }) => file);
  return {
    tool: 'squawk',
    version: squawk.version,
    findings: migrations.flatMap((migration, index) =>
      (by_file.get(at(index)) ?? []).map((one) => asFinding(migration, one)),
    ),
  };
}
