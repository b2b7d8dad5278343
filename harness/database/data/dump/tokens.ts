/**
 * Where a statement of a script ends, by the rules of psql (src/fe_utils/psqlscan.l): at a semicolon outside of quotes, comments,
 * brackets and the body of a function in SQL. The text is taken byte by byte (`latin1`), so that nothing of it is changed.
 */

/** What was found at a place of the text. */
export type Cut =
  | { readonly kind: 'statement' | 'command'; readonly start: number; readonly end: number }
  /** The text ends before it can be told. */
  | { readonly kind: 'more' };

const MORE: Cut = { kind: 'more' };
const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*)`,
    String.raw`(?<block>\/\*)`,
    String.raw`(?<quote>[eE]?'|")`,
    String.raw`(?<dollar>\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$)`,
    String.raw`(?<word>[A-Za-z_\x80-\xff][\w$\x80-\xff]*)`,
    String.raw`(?<sign>[();\\])`,
    String.raw`[^\s\w$'"();\\/\x80-\xff-]+|\d[\w.$]*|[^]`,
  ].join('|'),
  'y',
);
const COMMENT_EDGE = /\/\*|\*\//g;
const ESCAPE_OR_QUOTE = /[\\']/g;
/** Words at the head of a statement by which psql knows that a body in SQL may follow. */
const ROUTINE = /^create (?:or replace )?(?:function|procedure)/;
const HEAD_WORDS = 4;

/**
 * The statement, or the command of psql (a backslash and the rest of its line), that begins at `from`.
 * @param complete no more text follows
 */
export function cutAt(text: string, from: number, complete: boolean): Cut {
  const head: string[] = [];
  let brackets = 0;
  let bodies = 0;
  let begin: number | undefined;
  TOKEN.lastIndex = from;
  for (;;) {
    const start = TOKEN.lastIndex;
    // Also where the last token touches the end: it may go on.
    if (start >= text.length) {
      return complete && begin !== undefined ? { kind: 'statement', start: begin, end: text.length } : MORE;
    }
    const { space, block, quote, dollar, word, sign } = TOKEN.exec(text)?.groups ?? {};
    if (space !== undefined || block !== undefined) {
      if (block !== undefined) TOKEN.lastIndex = endOfComment(text, start);
      continue;
    }
    if (sign === '\\' && begin === undefined) {
      const line_end = text.indexOf('\n', start);
      if (line_end === -1 && !complete) return MORE;
      return { kind: 'command', start, end: line_end === -1 ? text.length : line_end + 1 };
    }
    begin ??= start;
    if (sign === ';' && brackets === 0 && bodies === 0) {
      return { kind: 'statement', start: begin, end: TOKEN.lastIndex };
    }
    if (sign === '(') brackets += 1;
    if (sign === ')') brackets = Math.max(0, brackets - 1);
    if (quote !== undefined) TOKEN.lastIndex = endOfQuote(text, TOKEN.lastIndex, quote);
    if (dollar !== undefined) TOKEN.lastIndex = endOfDollar(text, TOKEN.lastIndex, dollar);
    if (word === undefined || (head.length === HEAD_WORDS && head[0] !== 'create')) continue;
    const lower = word.toLowerCase();
    if (head.length < HEAD_WORDS) head.push(lower);
    if (brackets === 0 && ROUTINE.test(head.join(' '))) bodies = bodyDepth(bodies, lower);
  }
}

/** How deep in bodies of `BEGIN ATOMIC` and in `CASE` within them. */
function bodyDepth(depth: number, word: string): number {
  if (word === 'begin' || (word === 'case' && depth > 0)) return depth + 1;
  return word === 'end' && depth > 0 ? depth - 1 : depth;
}

function endOfQuote(text: string, from: number, quote: string): number {
  const sign = quote.at(-1) ?? quote;
  if (quote.length > 1) return endOfEscaped(text, from);
  for (let at = from; ; ) {
    const end = text.indexOf(sign, at);
    if (end === -1) return text.length;
    if (text[end + 1] !== sign) return end + 1;
    at = end + 2;
  }
}

function endOfEscaped(text: string, from: number): number {
  ESCAPE_OR_QUOTE.lastIndex = from;
  for (let found = ESCAPE_OR_QUOTE.exec(text); found !== null; found = ESCAPE_OR_QUOTE.exec(text)) {
    const after = text[found.index + 1];
    if (found[0] === "'" && after !== "'") return found.index + 1;
    ESCAPE_OR_QUOTE.lastIndex = found.index + 2;
  }
  return text.length;
}

function endOfDollar(text: string, from: number, tag: string): number {
  const end = text.indexOf(tag, from);
  return end === -1 ? text.length : end + tag.length;
}

function endOfComment(text: string, start: number): number {
  let depth = 0;
  COMMENT_EDGE.lastIndex = start;
  for (let found = COMMENT_EDGE.exec(text); found !== null; found = COMMENT_EDGE.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return COMMENT_EDGE.lastIndex;
  }
  return text.length;
}
