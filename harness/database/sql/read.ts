/** Statements of an SQL text, found by the server's own parser (libpg_query, PostgreSQL 18). */
import type { Node, RawStmt } from 'libpg-query';
import { UsageError } from '#harness/core/errors.ts';
import type { SqlFile, SqlStatement } from '../migrations/types.ts';
import { loadParser } from './parser.ts';
import { explainSyntax } from './psql.ts';
import { meaningsOf } from './meaning.ts';
import { relationsOf } from './relations.ts';
import { type PlacedText, placed } from './text.ts';
import { controlsTransaction, isRepeatable, needsNoTransaction } from './traits.ts';

/** A statement with the tree that the parser made of it. */
interface ParsedStatement {
  readonly statement: SqlStatement;
  readonly node: Node;
}

/** An SQL text with the trees of its statements. */
export interface ParsedSql {
  readonly path: string;
  readonly text: string;
  readonly statements: readonly ParsedStatement[];
}

async function parseText(path: string, source: PlacedText): Promise<readonly RawStmt[]> {
  // The parser refuses a text with nothing in it, a server does not.
  if (source.text.trim() === '') return [];
  const { hasSqlDetails, parse } = await loadParser();
  try {
    return (await parse(source.text)).stmts ?? [];
  } catch (error) {
    if (!hasSqlDetails(error) || error.sqlDetails === undefined) throw error;
    const { message, cursorPosition } = error.sqlDetails;
    const place = source.placeOfCharacter(Math.max(0, cursorPosition));
    const { hint, next } = explainSyntax(source.text, place);
    throw new UsageError(hint === undefined ? message : `${message}: ${hint}`, {
      position: { file: path, ...place },
      ...(next === undefined ? {} : { next }),
      cause: error,
    });
  }
}

/** Bytes at which the last token ends that is no comment: a statement without a semicolon ends there. */
async function endOfTokens(text: string): Promise<number> {
  const { scan } = await loadParser();
  const { tokens } = await scan(text);
  return (
    tokens.findLast(({ tokenName }) => tokenName !== 'SQL_COMMENT' && tokenName !== 'C_COMMENT')?.end ?? 0
  );
}

function kindOf(node: Node): string {
  return Object.keys(node)[0] ?? 'unknown';
}

async function parseStatements(path: string, text: string): Promise<ParsedSql> {
  // psql and the tools skip a byte order mark; the parser takes it for a part of a name.
  const source = placed(text.replace(/^\uFEFF/, ''));
  const nul = source.text.indexOf('\0');
  if (nul !== -1) {
    throw new UsageError('a text of SQL cannot hold the character NUL', {
      position: { file: path, ...source.placeOfIndex(nul) },
    });
  }
  const raw = await parseText(path, source);
  const statements: ParsedStatement[] = [];
  for (const { stmt, stmt_location = 0, stmt_len } of raw) {
    if (stmt === undefined) continue;
    const end =
      stmt_len === undefined || stmt_len === 0 ? await endOfTokens(source.text) : stmt_location + stmt_len;
    const statement = {
      index: statements.length,
      text: source.slice(stmt_location, end).trimEnd(),
      position: { file: path, ...source.placeOfByte(stmt_location) },
      kind: kindOf(stmt),
      relations: relationsOf(stmt),
      does: meaningsOf(stmt),
      needs_no_transaction: needsNoTransaction(stmt),
      transaction_control: controlsTransaction(stmt),
      repeatable: isRepeatable(stmt),
    };
    statements.push({ statement, node: stmt });
  }
  return { path, text: source.text, statements };
}

/**
 * Parses an SQL text, with the tree of each statement.
 *
 * @param path for positions
 * @throws UsageError with file, line and column where the text does not parse, in the words of the parser
 */
export async function parseSql(path: string, text: string): Promise<ParsedSql> {
  try {
    return await parseStatements(path, text);
  } catch (error) {
    // The stack of this process ends sooner than that of a server: the tree is walked down to its last leaf.
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${path} is nested too deeply, or too long, to be parsed: ${error.message}`, {
      next: 'split the statement; a server, too, has a limit (max_stack_depth)',
      cause: error,
    });
  }
}

/**
 * The statements of an SQL text.
 *
 * @param path for positions
 * @throws UsageError with file, line and column where the text does not parse, in the words of the parser
 */
export async function readSql(path: string, text: string): Promise<SqlFile> {
  const parsed = await parseSql(path, text);
  return { ...parsed, statements: parsed.statements.map(({ statement }) => statement) };
}
