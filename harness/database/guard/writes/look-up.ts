/** Looks rows up by their keys, in the words in which the log of changes has them. */
import type { ClientBase } from 'pg';
import { array, type InferOutput, nullable, object, parse, string } from 'valibot';
import { askBy, askJson, identifier, literal } from '../../ask.ts';

/** Rows that are looked up by one statement. */
const PART = 5_000;

const TABLE = nullable(
  object({
    /** As SQL takes it. */
    name: string(),
    /** Those that hold what was written to them: what is computed is not logged. */
    columns: array(object({ name: string(), type: string() })),
  }),
);

export type Table = NonNullable<InferOutput<typeof TABLE>>;
export type Column = Table['columns'][number];

/** Values are taken as the server writes them. */
const AS_WRITTEN = { getTypeParser: () => (value: string) => value };

/**
 * What answers to the name of a table now, a view included.
 * @param name `schema.table`
 * @throws UnfitError when the database does not tell
 */
export async function tableNamed(client: ClientBase, name: string): Promise<Table | undefined> {
  const statement = `SELECT json_build_object('name', quote_ident(n.nspname) || '.' || quote_ident(c.relname),
      'columns', (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL))), '[]')
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''))::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname || '.' || c.relname = ${literal(name)}
    UNION ALL SELECT 'null' LIMIT 1`;
  return parse(TABLE, await askJson(askBy(client), `what ${name} is now`, statement)) ?? undefined;
}

/** What is looked up in which table. */
export interface Lookup {
  readonly table: Table;
  readonly key: readonly Column[];
  readonly columns: readonly Column[];
}

/**
 * The values of the columns in the row of each key, as the server writes them; undefined where there is no such row.
 * @param keys values of the key's columns, as the server writes them
 */
export async function lookUp(
  client: ClientBase,
  { table, key, columns }: Lookup,
  keys: readonly (readonly string[])[],
): Promise<readonly (readonly (string | null)[] | undefined)[]> {
  const asked = key.map((_, place) => `$${place + 1}::text[]`).join(', ');
  const names = key.map((_, place) => `k${place}`).join(', ');
  const same = key
    .map(({ name, type }, place) => `o.${identifier(name)} = w.k${place}::${type}`)
    .join(' AND ');
  const values = columns.map(({ name }, place) => `, o.${identifier(name)} AS v${place}`).join('');
  const told = columns.map((_, place) => `, t.v${place}`).join('');
  const text = `SELECT w.n, t.is_there${told} FROM unnest(${asked}) WITH ORDINALITY AS w(${names}, n)
    LEFT JOIN LATERAL (SELECT 1 AS is_there${values} FROM ${table.name} o WHERE ${same} LIMIT 1) t ON true`;
  const found: (readonly (string | null)[] | undefined)[] = keys.map(() => undefined);
  for (let from = 0; from < keys.length; from += PART) {
    const part = keys.slice(from, from + PART);
    const { rows } = await client.query<(string | null)[]>({
      text,
      values: key.map((_, place) => part.map((one) => one[place])),
      rowMode: 'array',
      types: AS_WRITTEN,
    });
    for (const [n, is_there, ...there] of rows) {
      if (is_there !== null) found[from + Number(n) - 1] = there;
    }
  }
  return found;
}

/** As the plugin of the log writes it: by the output of its type. */
const written = (column: string): string => `format('%s', ${column})`;

/**
 * Which rows have their like in a table, by their places, whatever else it holds. The table is read once.
 * @param rows values of the columns, none of them NULL
 */
export async function areThere(
  client: ClientBase,
  { table, columns }: Pick<Lookup, 'table' | 'columns'>,
  rows: readonly (readonly string[])[],
): Promise<ReadonlySet<number>> {
  const asked = columns.map((_, place) => `$${place + 1}::text[]`).join(', ');
  const names = columns.map((_, place) => `k${place}`).join(', ');
  const same = columns
    .map(({ name }, place) => `${written(`o.${identifier(name)}`)} = w.k${place}`)
    .join(' AND ');
  const { rows: found } = await client.query<{ n: string }>(
    `SELECT w.n::text FROM unnest(${asked}) WITH ORDINALITY AS w(${names}, n)
     WHERE EXISTS (SELECT FROM ${table.name} o WHERE ${same})`,
    columns.map((_, place) => rows.map((row) => row[place])),
  );
  return new Set(found.map(({ n }) => Number(n) - 1));
}
