import { UnfitError } from '#harness/core/errors.ts';
import { tableName, type TableSchema } from './schema.ts';

/** No rows can be made for one of the tables, whatever can for the others. */
export class RowsNotMade extends UnfitError {
  /** `schema.table`. */
  readonly table: string;

  constructor(
    table: TableSchema,
    message: string,
    options: { readonly next: string; readonly cause?: unknown },
  ) {
    super(message, options);
    this.table = tableName(table);
  }
}
