import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { type Ask, askJson, identifier, literal } from '#harness/database/ask.ts';
import type { HeldOrder } from '../record-orders.ts';

const Rows = v.array(v.looseObject({ id: v.string() }));

/** What an order comes to; the rest of a row is nobody's business here. */
const Line = v.looseObject({ item_id: v.number(), quantity: v.number() });
const Fields = v.object({
  id: v.string(),
  lines: v.array(Line),
  total_cents: v.number(),
  content_hash: v.nullable(v.string()),
});

/**
 * The orders of a run by the database's own word, whatever names their columns have by now. For a schema that no release
 * of the shop can read any more: what was accepted is kept or lost all the same.
 * @param where.schema of the shop
 * @param where.run_id that the ids of the orders begin with
 * @param where.moved columns that have another name afterwards, both as `schema.table.column`
 * @throws UnfitError when the database does not tell, or a row lacks what makes an order
 */
export async function ordersInDatabase(
  ask: Ask,
  where: {
    readonly schema: string;
    readonly run_id: string;
    readonly moved?: Readonly<Record<string, string>>;
  },
): Promise<readonly HeldOrder[]> {
  const { schema, run_id, moved = {} } = where;
  const table = `${schema}.orders`;
  const told = await askJson(
    ask,
    'its orders',
    `SELECT coalesce(json_agg(to_jsonb(one) ORDER BY one.position), '[]')
FROM ${identifier(schema)}.orders AS one WHERE starts_with(one.id, ${literal(`${run_id}-`)});`,
  );
  /** While a field is on its way, some rows have it in the new column and some in the old one. */
  const valueOf = (row: Readonly<Record<string, unknown>>, field: string): unknown => {
    const to = moved[`${table}.${field}`]?.slice(table.length + 1);
    return (to === undefined ? undefined : row[to]) ?? row[field];
  };
  return v.parse(Rows, told).map((row) => {
    const found = v.safeParse(
      Fields,
      Object.fromEntries(Object.keys(Fields.entries).map((field) => [field, valueOf(row, field) ?? null])),
    );
    if (!found.success) {
      throw new UnfitError(
        `order ${row.id} of ${table} lacks ${v.getDotPath(found.issues[0]) ?? 'something'}`,
      );
    }
    const { content_hash, ...order } = found.output;
    return { ...order, content_hash: content_hash ?? 'no hash' };
  });
}
