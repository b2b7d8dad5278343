/** Columns of the orders that have another name afterwards, as an expectation names them: `schema.orders.column`. */
export function movedColumns(
  schema: string,
  moved: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const named = (column: string): string => `${schema}.orders.${column}`;
  return Object.fromEntries(Object.entries(moved).map(([from, to]) => [named(from), named(to)]));
}
