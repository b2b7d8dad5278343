/** How many rows there are and how values are spread: what a description file says, or the statistics of a live database. */
import * as v from 'valibot';
import { readDocument } from '#harness/config/document.ts';

const share = v.pipe(
  v.number('must be a share'),
  v.minValue(0, 'must be 0 to 1'),
  v.maxValue(1, 'must be 0 to 1'),
);
const count = v.pipe(
  v.number('must be a whole number'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be 1 at least'),
);

const COLUMN = v.strictObject({
  /** Share of NULL. */
  nulls: v.optional(share),
  /** Different values. */
  distinct: v.optional(count),
  /** How much the most frequent values outweigh: 1 is even, 3 is as usual, 5 is strong. */
  skew: v.optional(v.pipe(v.number('must be a number'), v.minValue(1, 'must be 1 at least'))),
  /** Characters of the longest values; one in a thousand is so long. */
  longest: v.optional(count),
  /** The only values, the most frequent first. */
  values: v.optional(
    v.pipe(v.array(v.union([v.string(), v.number(), v.boolean()])), v.minLength(1, 'must not be empty')),
  ),
});

const SHAPE = v.strictObject({
  tables: v.record(
    v.pipe(v.string(), v.regex(/^[^.]+\.[^.]+$/, 'must be written schema.table')),
    v.strictObject({ rows: v.optional(count), columns: v.optional(v.record(v.string(), COLUMN)) }),
  ),
});

export type DataShape = v.InferOutput<typeof SHAPE> & {
  /** Of another database than the one that is filled, which need not have all of its tables and columns. */
  readonly of_another?: boolean;
};
export type ColumnShape = v.InferOutput<typeof COLUMN>;

/**
 * Reads a description of data (YAML).
 * @throws UsageError with file, line and column of every mistake
 */
export async function readShape(file: string): Promise<DataShape> {
  return await readDocument(SHAPE, file);
}
