/** The words in which the server's plugin `test_decoding` tells a change of a row. */

/** A value as its type writes it; NULL, or one that was stored apart and did not change, so that the log does not have it. */
export type LoggedValue = string | null | undefined;

export interface LoggedColumn {
  /** Without length or precision: `character varying`. */
  readonly type: string;
  readonly value: LoggedValue;
}

/** By name, as the table was when it was written. */
export type LoggedRow = ReadonlyMap<string, LoggedColumn>;

/** A change of one row that was committed. */
export type Change =
  | { readonly kind: 'insert'; readonly table: string; readonly row: LoggedRow }
  /** `former`: its key, where that was changed; of a table that logs all, the whole former row. */
  | { readonly kind: 'update'; readonly table: string; readonly row: LoggedRow; readonly former?: LoggedRow }
  /** Empty where the table has no key. */
  | { readonly kind: 'delete'; readonly table: string; readonly former: LoggedRow }
  | { readonly kind: 'truncate'; readonly tables: readonly string[] };

const NAME = String.raw`(?:"(?:[^"]|"")*"|[^\s",.:[]+)`;
const TABLE = String.raw`${NAME}\.${NAME}`;
const HEAD = new RegExp(
  String.raw`^table (?<tables>${TABLE}(?:, ${TABLE})*): (?<kind>INSERT|UPDATE|DELETE|TRUNCATE):`,
  's',
);
const COLUMN = new RegExp(
  String.raw` (?<name>${NAME})\[(?<type>.*?)\]:(?:(?<unchanged>unchanged-toast-datum)|(?<bits>B'[01]*')|'(?<text>(?:[^']|'')*)'|(?<bare>[^ ]+))`,
  'sy',
);
const FORMER = ' old-key:';
const LATTER = ' new-tuple:';

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** `schema.table` of each, as the catalogue spells them. */
function tablesOf(text: string): readonly string[] {
  return [...text.matchAll(new RegExp(`(${NAME})\\.(${NAME})`, 'gs'))].map(
    ([, schema = '', name = '']) => `${unquoted(schema)}.${unquoted(name)}`,
  );
}

function valueOf(
  type: string,
  { unchanged, bits, text, bare }: Readonly<Record<string, string | undefined>>,
): LoggedValue {
  if (unchanged !== undefined) return undefined;
  if (text !== undefined) return text.replaceAll("''", "'");
  if (bits !== undefined) return bits.slice(2, -1);
  if (bare === 'null') return null;
  // The plugin has words of its own for these; the type has others.
  return type === 'boolean' ? bare?.slice(0, 1) : bare;
}

function columnsOf(text: string): LoggedRow {
  const row = new Map<string, LoggedColumn>();
  const column = new RegExp(COLUMN);
  while (column.lastIndex < text.length) {
    const at = column.lastIndex;
    const groups = column.exec(text)?.groups;
    if (groups === undefined)
      throw new SyntaxError(`the log of changes has a column that cannot be read at ${at}`);
    const { name = '', type = '' } = groups;
    row.set(unquoted(name), { type, value: valueOf(type, groups) });
  }
  return row;
}

/** Where the new row begins: no value can be taken for it, because values are read one by one. */
function twoRows(text: string): { readonly former: LoggedRow; readonly row: LoggedRow } {
  const column = new RegExp(COLUMN);
  column.lastIndex = FORMER.length;
  let end = column.lastIndex;
  while (!text.startsWith(LATTER, end) && column.test(text)) end = column.lastIndex;
  return {
    former: columnsOf(text.slice(FORMER.length, end)),
    row: columnsOf(text.slice(end + LATTER.length)),
  };
}

/**
 * Reads one line of `test_decoding`; undefined for what is no change of a row: the beginning and the end of a transaction.
 * Source: `pg_decode_change` and `pg_decode_truncate` in contrib/test_decoding/test_decoding.c of PostgreSQL.
 * @throws SyntaxError for a line in other words
 */
export function readChange(line: string): Change | undefined {
  if (/^(?:BEGIN|COMMIT)\b/.test(line)) return undefined;
  const head = HEAD.exec(line);
  const { tables: named = '', kind } = head?.groups ?? {};
  const tables = tablesOf(named);
  const [table] = tables;
  if (head === null || table === undefined)
    throw new SyntaxError('the log of changes has a line that cannot be read');
  const rest = line.slice(head[0].length);
  const has_row = rest !== ' (no-tuple-data)';
  const columns = (): LoggedRow => (has_row ? columnsOf(rest) : new Map());
  if (kind === 'TRUNCATE') return { kind: 'truncate', tables };
  if (kind === 'INSERT') return { kind: 'insert', table, row: columns() };
  if (kind === 'DELETE') return { kind: 'delete', table, former: columns() };
  if (rest.startsWith(FORMER)) return { kind: 'update', table, ...twoRows(rest) };
  return { kind: 'update', table, row: columns() };
}
