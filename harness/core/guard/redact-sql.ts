import { REDACTED, redactText } from '../redact.ts';

/** A comment with comments in it, as deep as this; nobody writes deeper ones. */
const DEPTH = 4;
const BLOCK = Array.from({ length: DEPTH }).reduce<string>(
  (inner) => String.raw`\/\*[^*/]*(?:(?:\*(?!\/)|\/(?!\*)|${inner})[^*/]*)*\*\/`,
  '(?!)',
);

/** Comments and names, which may hold quotes, and every way to write a text. */
const TOKEN = new RegExp(
  [
    String.raw`--(?<line>[^\n]*)`,
    String.raw`(?<block>${BLOCK})`,
    String.raw`(?<name>"[^"]*")`,
    String.raw`(?<![\w$])\$(?<tag>(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$(?<dollar>[\s\S]*?)\$\k<tag>\$`,
    String.raw`(?<![\w$])E'(?<escaped>[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*)'`,
    String.raw`(?<prefix>(?<![\w$])U&)?'(?<plain>[^']*(?:''[^']*)*)'`,
  ].join('|'),
  'gi',
);

const NAMED = String.raw`\b(?:PASSWORD|IDENTIFIED\s+BY)`;
/** Words after which a text is a password. */
const BEFORE = new RegExp(String.raw`${NAMED}\s*(?:=>?|:=)?\s*$`, 'i');
/** A text that a password is appended to, or that has a place into which `format` or `USING` puts one. */
const ASKS = new RegExp(String.raw`${NAMED}(?:\s+|\s*=\s*)'?(?:%(?:\d+\$)?[LsI]|\$\d|$)`, 'i');
/** What joins two texts to one. */
const JOINED = /^\s*(?:\|\|\s*)?$/;

const HOLDS_TEXT = /['$]/;

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

type Token = Readonly<Record<string, string | undefined>>;

/** A text as the server reads it, and how it is written again. */
interface Literal {
  readonly content: string;
  readonly write: (content: string) => string;
}

function doubled(text: string): string {
  return text.replaceAll("'", "''");
}

function literalOf({ tag = '', dollar, escaped, prefix = '', plain = '' }: Token): Literal {
  if (dollar !== undefined) {
    return { content: dollar, write: (content) => `$${tag}$${content}$${tag}$` };
  }
  if (escaped === undefined) {
    return { content: plain.replaceAll("''", "'"), write: (content) => `${prefix}'${doubled(content)}'` };
  }
  const content = escaped.replaceAll(
    /''|\\([\s\S])/g,
    (_, char: string | undefined) => ESCAPES[char ?? ''] ?? char ?? "'",
  );
  return { content, write: (text) => `E'${doubled(text.replaceAll('\\', '\\\\'))}'` };
}

/** What holds no text itself is looked through with what is around it: rows are millions of texts. */
function redactInner(text: string): string {
  return HOLDS_TEXT.test(text) ? redactSql(text) : text;
}

/** What is executed, and the body of a function, is SQL in a text: texts are looked into, however deep. */
function redactLiterals(sql: string): string {
  const parts: string[] = [];
  let end = 0;
  /** What stands between the text before and this one, without comments. */
  let words = '';
  let is_last_hidden = false;
  let is_asked = false;
  for (const match of sql.matchAll(TOKEN)) {
    const [written] = match;
    const token: Token = match.groups ?? {};
    const between = sql.slice(end, match.index);
    end = match.index + written.length;
    words += between;
    parts.push(between);
    if (between.includes(';')) is_asked = false;
    const { line, block, name } = token;
    if (name !== undefined) {
      parts.push(name);
      words += name;
      continue;
    }
    if (line !== undefined || block !== undefined) {
      // A statement may be commented out.
      parts.push(line === undefined ? `/*${redactInner(written.slice(2, -2))}*/` : `--${redactInner(line)}`);
      words += ' ';
      continue;
    }
    const { content, write } = literalOf(token);
    const is_hidden: boolean = is_asked || BEFORE.test(words) || (is_last_hidden && JOINED.test(words));
    const clean = redactInner(content);
    if (is_hidden) parts.push(`'${REDACTED}'`);
    else parts.push(clean === content ? written : write(clean));
    is_last_hidden = is_hidden;
    is_asked ||= ASKS.test(content);
    words = '';
  }
  return [...parts, sql.slice(end)].join('');
}

/**
 * SQL with everything removed that looks like a secret: also passwords that statements hold (`CREATE ROLE ... PASSWORD '...'`),
 * and those of statements that are a text in another one.
 */
export function redactSql(sql: string): string {
  return redactText(redactLiterals(sql));
}
