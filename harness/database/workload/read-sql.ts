/** Reads a release from a file of SQL statements with rates. */
import { readFile } from 'node:fs/promises';
import type { Node, ScanToken } from 'libpg-query';
import { messageOf, type Position, UsageError } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { loadParser } from '../sql/parser.ts';
import { type ParsedSql, parseSql } from '../sql/read.ts';
import { placed, type PlacedText } from '../sql/text.ts';
import { type Comment, type Directives, readDirectives } from './directives.ts';
import type { Parameter, SqlRelease, WorkloadStatement, WorkloadStep } from './types.ts';

/** A `:name` in the text, with its colon. */
interface Use {
  readonly name: string;
  readonly position: Position;
}

interface Tokens {
  /** In the order in which they stand in the text. */
  readonly uses: readonly Use[];
  readonly comments: readonly Comment[];
  /** The text with each `:name` as `$1` and blanks: all places stay what they are. */
  readonly parseable: string;
}

/** A `:name` is written without a blank in it, and after no other colon. */
const USE = /(?<!:):([A-Za-z_]\w*)/g;

function asPlaceholder(use: string): string {
  return '$1'.padEnd(use.length);
}

function isName(token: ScanToken | undefined, after: ScanToken): token is ScanToken {
  return token !== undefined && token.start === after.end && /^[A-Za-z_]\w*$/.test(token.text);
}

/** What stands in a comment between its marks, and the place where that begins. */
function commentOf({ text, start, tokenName }: ScanToken, file: string, source: PlacedText): Comment {
  const inner = tokenName === 'C_COMMENT' ? text.slice(2, -2) : text.slice(2);
  return { text: inner.trimEnd(), position: { file, ...source.placeOfByte(start + 2) } };
}

/** @throws UsageError where the text breaks off within a quoted text or a comment */
async function tokensOf(file: string, source: PlacedText): Promise<Tokens> {
  if (source.text.trim() === '') return { uses: [], comments: [], parseable: '' };
  const { scan } = await loadParser();
  const scanned = await scan(source.text).catch(async (error: unknown) => {
    // The scanner says only that it failed; the parser says where.
    await parseSql(file, source.text.replaceAll(USE, asPlaceholder));
    throw new UsageError(`the text cannot be read: ${messageOf(error)}`, {
      position: { file, line: 1, column: 1 },
    });
  });
  const uses: Use[] = [];
  const comments: Comment[] = [];
  const parts: string[] = [];
  let end = 0;
  for (const [index, token] of scanned.tokens.entries()) {
    if (token.tokenName === 'SQL_COMMENT' || token.tokenName === 'C_COMMENT') {
      comments.push(commentOf(token, file, source));
    }
    if (token.tokenName === 'PARAM') {
      throw new UsageError(`${token.text} has no meaning in a workload`, {
        position: { file, ...source.placeOfByte(token.start) },
        next: 'Write `:name`, and `-- param name: HOW` before the statement.',
      });
    }
    const next = scanned.tokens[index + 1];
    if (token.text !== ':' || !isName(next, token)) continue;
    uses.push({ name: next.text, position: { file, ...source.placeOfByte(token.start) } });
    parts.push(source.slice(end, token.start), asPlaceholder(`:${next.text}`));
    ({ end } = next);
  }
  parts.push(source.slice(end, Buffer.byteLength(source.text)));
  return { uses, comments, parseable: parts.join('') };
}

const CHANGES = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'lockingClause',
  'intoClause',
]);

function holdsChange(tree: unknown): boolean {
  if (Array.isArray(tree)) return tree.some(holdsChange);
  if (typeof tree !== 'object' || tree === null) return false;
  return Object.entries(tree).some(([key, inner]) => CHANGES.has(key) || holdsChange(inner));
}

/** As far as the text tells: a function may write all the same. */
function readsOnly(node: Node): boolean {
  if ('TransactionStmt' in node || 'VariableShowStmt' in node || 'VariableSetStmt' in node) return true;
  return 'SelectStmt' in node && !holdsChange(node);
}

type Parsed = ParsedSql['statements'][number];

/** What is sent as one: a statement, or a transaction. */
interface Item {
  readonly first: Parsed;
  readonly all: readonly Parsed[];
}

type Control = 'begins' | 'ends' | undefined;

function controlOf({ node }: Parsed): Control {
  if (!('TransactionStmt' in node)) return undefined;
  const { kind } = node.TransactionStmt;
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') return 'begins';
  return kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK' ? 'ends' : undefined;
}

function itemsOf(statements: readonly Parsed[]): readonly Item[] {
  const items: Item[] = [];
  let open: Parsed[] | undefined;
  for (const parsed of statements) {
    const control = controlOf(parsed);
    const { position } = parsed.statement;
    if (control === 'begins' && open !== undefined) {
      throw new UsageError('a transaction begins within another one', {
        position,
        next: 'End it with COMMIT.',
      });
    }
    if (control === 'ends' && open === undefined) {
      throw new UsageError('there is no transaction to end', { position, next: 'Begin it with BEGIN.' });
    }
    if (control === 'begins') open = [parsed];
    else if (open === undefined) items.push({ first: parsed, all: [parsed] });
    else {
      open.push(parsed);
      if (control !== 'ends') continue;
      const [first = parsed] = open;
      items.push({ first, all: open });
      open = undefined;
    }
  }
  const [begun] = open ?? [];
  if (begun) {
    throw new UsageError('the transaction never ends', {
      position: begun.statement.position,
      next: 'End it with COMMIT.',
    });
  }
  return items;
}

function isBefore(left: Position, right: Position): boolean {
  return left.line === right.line ? left.column < right.column : left.line < right.line;
}

/** The parameters of one item, numbered step by step; takes from `uses` what the item uses. */
async function stepsOf({ all }: Item, uses: Use[]): Promise<{ steps: WorkloadStep[]; used: readonly Use[] }> {
  const { scan } = await loadParser();
  const steps: WorkloadStep[] = [];
  const used: Use[] = [];
  for (const { statement } of all) {
    const text = placed(statement.text);
    const { tokens } = await scan(text.text);
    const parameters: string[] = [];
    const parts: string[] = [];
    let end = 0;
    for (const token of tokens.filter(({ tokenName }) => tokenName === 'PARAM')) {
      const use = uses.shift();
      if (use === undefined) continue;
      used.push(use);
      if (!parameters.includes(use.name)) parameters.push(use.name);
      parts.push(text.slice(end, token.start), `$${parameters.indexOf(use.name) + 1}`);
      end = token.start + asPlaceholder(`:${use.name}`).length;
    }
    parts.push(text.slice(end, Buffer.byteLength(text.text)));
    steps.push({ text: parts.join(''), parameters });
  }
  return { steps, used };
}

function checkParameters(declared: readonly Parameter[], used: readonly Use[], item: Item): void {
  const names = declared.map(({ name }) => name);
  const unknown = used.find(({ name }) => !names.includes(name));
  if (unknown) {
    const [near] = nearest(unknown.name, names);
    throw new UsageError(`nothing says how :${unknown.name} is drawn`, {
      position: unknown.position,
      next:
        near === undefined
          ? `Write \`-- param ${unknown.name}: HOW\` before the statement, for example \`int 1..1000\`.`
          : `Did you mean \`:${near}\`?`,
    });
  }
  const idle = names.find((name) => !used.some((use) => use.name === name));
  if (idle !== undefined) {
    throw new UsageError(`the parameter :${idle} is drawn and never used`, {
      position: item.first.statement.position,
    });
  }
}

async function statementOf(
  item: Item,
  { comments, uses, index }: { comments: readonly Comment[]; uses: Use[]; index: number },
): Promise<WorkloadStatement> {
  const said: Directives = readDirectives(comments);
  const { steps, used } = await stepsOf(item, uses);
  checkParameters(said.parameters, used, item);
  return {
    name: said.name ?? `statement_${index + 1}`,
    steps,
    weight: said.weight ?? 1,
    reads_only: item.all.every(({ node }) => readsOnly(node)),
    is_prepared: said.is_prepared ?? true,
    parameters: said.parameters,
  };
}

/**
 * Reads the statements of a release, as a person writes them:
 *
 * ```sql
 * -- name: find_user  weight: 5
 * -- param id: sample users.id
 * SELECT * FROM users WHERE id = :id;
 *
 * -- name: place_order
 * -- param user: sample users.id
 * -- param cents: int 100..99999
 * BEGIN;
 * INSERT INTO orders (user_id, cents) VALUES (:user, :cents);
 * UPDATE users SET orders = orders + 1 WHERE id = :user;
 * COMMIT;
 * ```
 *
 * Statements end with a semicolon. What stands between `BEGIN` and `COMMIT` is one item: one transaction, sent by one
 * connection. Comments before an item say how it is sent; all of them may be left out, other comments are remarks:
 *
 * - `name: NAME` as it is called in reports; `statement_3` without
 * - `weight: NUMBER` how often it is sent, against the others; 1 without
 * - `prepare: no` parsed anew each time; else a prepared statement that the connection keeps, as most drivers do: when a
 *   migration changes the columns that it yields (`SELECT *` and a new column), it fails once on each connection
 * - `param NAME: HOW` how the value of `:NAME` is drawn each time, on a line of its own:
 *   `sample TABLE.COLUMN` one that the column holds, `int 1..1000`, `decimal 0.01..99.99`, `text 12` or `text 3..40` letters,
 *   `uuid`, `bool`, `one of paid, sent, 'on hold'`, `sequence` or `sequence 1000` or `sequence TABLE.COLUMN` a number that no
 *   other item takes, above those that the column holds
 *
 * @param text of the file; read from the path when absent
 * @throws UsageError with file, line and column
 */
export async function readSqlRelease(path: string, text?: string): Promise<SqlRelease> {
  const source = placed((text ?? (await readRelease(path))).replace(/^\uFEFF/, ''));
  const tokens = await tokensOf(path, source);
  const parsed = await parseSql(path, tokens.parseable);
  const items = itemsOf(parsed.statements);
  const uses = [...tokens.uses];
  const statements: WorkloadStatement[] = [];
  let comments = tokens.comments;
  for (const [index, item] of items.entries()) {
    const { position } = item.first.statement;
    const before = comments.filter((comment) => isBefore(comment.position, position));
    comments = comments.slice(before.length);
    statements.push(await statementOf(item, { comments: before, uses, index }));
  }
  checkNames(path, items, statements);
  const total = statements.reduce((sum, { weight }) => sum + weight, 0);
  return {
    kind: 'sql',
    file: path,
    statements: statements.map((statement) => ({ ...statement, weight: statement.weight / total })),
  };
}

async function readRelease(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`the statements of a release cannot be read from ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  });
}

function checkNames(file: string, items: readonly Item[], statements: readonly WorkloadStatement[]): void {
  if (statements.length === 0) {
    throw new UsageError('there is no statement in it: a release that asks nothing shows nothing', {
      position: { file, line: 1, column: 1 },
    });
  }
  for (const [index, { name }] of statements.entries()) {
    const first = statements.findIndex((other) => other.name === name);
    const item = items[index];
    if (first === index || item === undefined) continue;
    throw new UsageError(`two statements are called ${name}`, { position: item.first.statement.position });
  }
}
