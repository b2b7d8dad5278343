import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { UsageError } from '#harness/core/errors.ts';
import { identifier } from '../../ask.ts';
import { answerOf, withoutValues } from '../../guard/apply-refusal.ts';
import { lackOf } from '../../server/refusals.ts';
import { readScript, type ScriptPart } from './script.ts';
import { demandWhole } from './whole.ts';

/** What concerns the database as a whole, or the server: the scratch database has a name of its own. */
const OF_THE_SERVER =
  /^(?:create|alter|drop)\s+(?:database|tablespace)\b|^(?:comment|security label)[^']*\son\s+database\b/i;
/** pg_dump makes it where it alone was asked for, and every database has one. */
const OF_EVERY_DATABASE = /^create\s+schema\s+"?public"?\s*;?\s*$/i;
const INSERT = /^insert\s/i;
const SETTING = /^(?:set\s|select\s+pg_catalog\.set_config)/i;
const ENCODING = /^set\s+client_encoding\s*(?:=|to)\s*'?(?<name>[^';]+)/i;
const READABLE = new Set(['utf8', 'utf-8', 'unicode', 'sql_ascii']);
/** Commands of psql that pg_dump writes and that are of no concern here. */
const HARMLESS_COMMAND = /^\\(?:restrict|unrestrict|connect|c|encoding)\b/;
const NO_ROLE = /^role "(?<role>.+)" does not exist$/;
const NO_OBJECT = '42704';
/** Single rows are sent together up to this size, or a dump of INSERTs would wait for an answer to each. */
const BATCH_CHARS = 256 * 1024;
const COPY_PLACE = /^COPY (?<table>.+?), line (?<line>\d+)(?:, column (?<column>[^:]+))?/;

export interface RestoreOptions {
  /** What the script is called in errors. */
  readonly file: string;
  /** What it is, in errors: `the dump` when absent. */
  readonly called?: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs a script of pg_dump in an empty database, as psql would, but ends at the first error. Roles that it names and that are
 * not there are made; settings that the server does not know are left out. Memory is bounded by the longest statement.
 * @throws UsageError with the line that the server refuses, without contents of rows; UnfitError when the server lacks something
 */
export async function restoreScript(
  client: Client,
  chunks: AsyncIterable<Buffer>,
  options: RestoreOptions,
): Promise<void> {
  let batch: (ScriptPart & { kind: 'statement' })[] = [];
  let batch_chars = 0;
  const sendBatch = async (): Promise<void> => {
    const [first] = batch;
    if (first === undefined) return;
    const text = batch.map((part) => part.text).join('\n');
    batch = [];
    batch_chars = 0;
    await refusedAt(options, first.line, () => client.query(text));
  };
  for await (const part of readScript(demandWhole(chunks, options.file), options.file)) {
    options.signal?.throwIfAborted();
    if (part.kind === 'statement' && INSERT.test(part.text)) {
      batch.push({ ...part, kind: 'statement' });
      batch_chars += part.text.length;
      if (batch_chars >= BATCH_CHARS) await sendBatch();
      continue;
    }
    await sendBatch();
    await runPart(client, part, options);
  }
  await sendBatch();
}

async function runPart(client: Client, part: ScriptPart, options: RestoreOptions): Promise<void> {
  const { file, called = 'the dump', signal } = options;
  const { text, line } = part;
  if (part.kind === 'command') {
    if (HARMLESS_COMMAND.test(text)) return;
    throw new UsageError(
      `${text.trim().split(/\s/)[0] ?? text} is a command of psql that is not followed here`,
      {
        position: { file, line, column: 1 },
        next: `Give ${called} as pg_dump makes it.`,
      },
    );
  }
  if (part.kind === 'copy') {
    const stoppable = signal === undefined ? {} : { signal };
    await refusedAt(options, line, () => pipeline(part.data, client.query(copyFrom(text)), stoppable));
    return;
  }
  if (OF_THE_SERVER.test(text) || OF_EVERY_DATABASE.test(text)) return;
  const encoding = ENCODING.exec(text)?.groups?.['name']?.toLowerCase();
  if (encoding !== undefined && !READABLE.has(encoding)) {
    throw new UsageError(`${called} is written in ${encoding.toUpperCase()}`, {
      position: { file, line, column: 1 },
      next: 'Make it with pg_dump --encoding=UTF8.',
    });
  }
  await refusedAt(options, line, () => runWithRoles(client, text));
}

/** A dump names roles and holds none. */
async function runWithRoles(client: Client, text: string): Promise<void> {
  const made = new Set<string>();
  for (;;) {
    try {
      await client.query(text);
      return;
    } catch (error) {
      const answer = answerOf(error);
      if (answer?.code !== NO_OBJECT) throw error;
      const role = NO_ROLE.exec(answer.message)?.groups?.['role'];
      if (role === undefined && SETTING.test(text)) return;
      if (role === undefined || made.has(role)) throw error;
      made.add(role);
      await client.query(`CREATE ROLE ${identifier(role)}`);
    }
  }
}

async function refusedAt(
  { file, called = 'the dump' }: RestoreOptions,
  line: number,
  act: () => Promise<unknown>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw lackOf(error, `${called} ${file}`) ?? refusal({ file, called }, line, error);
  }
}

function refusal(
  { file, called }: { readonly file: string; readonly called: string },
  line: number,
  error: unknown,
): unknown {
  const answer = answerOf(error);
  if (answer === undefined) return error;
  const where = error instanceof Error && 'where' in error ? String(error.where) : '';
  const copied = COPY_PLACE.exec(where)?.groups;
  const place =
    copied === undefined
      ? ''
      : ` (copy of ${copied['table']}${copied['column'] === undefined ? '' : `, column ${copied['column']}`})`;
  const at = line + (copied === undefined ? 0 : Number(copied['line']));
  // Neither the message as it is nor the cause, which may hold rows of the dump.
  return new UsageError(`the server refuses ${called}: ${withoutValues(answer)}${place}`, {
    position: { file, line: at, column: 1 },
  });
}
