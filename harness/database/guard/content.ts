/**
 * What a migration did to rows and values: each row and value of before is looked for afterwards, by the server itself, in
 * one join for each table that was touched.
 */
import type { ContentFacts } from '#harness/core/guard/content-facts.ts';
import type { Address } from '../server/types.ts';
import { lastingSession } from './apply-session.ts';
import { GUARD_SCHEMA } from './content/catalogue.ts';
import { type Compared, compareRows, writtenSince } from './content/compare.ts';
import type { Reach } from './content/reach.ts';
import { keepRows, RowsNotKept } from './content/snapshot.ts';
import type { RowFilter, WrittenRows } from './content/written.ts';

const SESSION = 'mettle content';

/** The rows of a database as they were at a moment. Disposing it removes the copies. */
export interface ContentSnapshot extends AsyncDisposable {
  /** Compares them with the rows of now; any number of times. */
  compare(): Promise<ContentFacts>;
  /** Tells the rows that were written since from those that were not. */
  written(): Promise<WrittenRows>;
  /** Compares only rows that were written at some time, or only the others. */
  compareOnly(filter: RowFilter): Promise<Compared>;
}

/**
 * Does something with copies of the tables alone that texts name; where it turns out that others were written to, it is done once
 * more with copies of all.
 * @param reach undefined for copies of all from the beginning
 */
export async function keepingFew<Result>(
  reach: Reach | undefined,
  act: (reach: Reach | undefined) => Promise<Result>,
): Promise<Result> {
  try {
    return await act(reach);
  } catch (error) {
    if (!(error instanceof RowsNotKept) || reach === undefined) throw error;
    return await act(undefined);
  }
}

let snapshots = 0;

/**
 * Keeps the rows of a scratch database, in that database, so that they can be compared after a migration. Do it where
 * nobody else writes. The copies are unlogged: they do not outlive a crash of the server.
 * @param reach texts of all that will be run: only tables are copied to which that may write. Where it writes to another one,
 *   comparing throws RowsNotKept, and it is to be done again without. All are copied when absent.
 * @throws UnfitError when the database lets nobody in or does not tell what it holds
 */
export async function takeSnapshot(address: Address, reach?: Reach): Promise<ContentSnapshot> {
  snapshots += 1;
  const label = `kept_${snapshots}`;
  await using undo = new AsyncDisposableStack();
  const session = undo.use(lastingSession(address, SESSION));
  const rows = await keepRows(await session.get(), label, reach);
  const compare = async (filter: RowFilter | undefined): Promise<Compared> =>
    await compareRows(await session.get(), rows, filter);
  const kept = undo.move();
  return {
    compare: async () => (await compare(undefined)).facts,
    compareOnly: compare,
    async written() {
      return await writtenSince(await session.get(), rows, `written_${label}`);
    },
    async [Symbol.asyncDispose]() {
      await using _ = kept;
      const client = await session.get();
      await client.query('SET session_replication_role = replica');
      const copies = rows.tables
        .filter(({ has_copy }) => has_copy)
        .flatMap(({ table, copy }) => [copy, `${GUARD_SCHEMA}.written_${label}_${table.oid}`]);
      if (copies.length > 0) await client.query(`DROP TABLE IF EXISTS ${copies.join(', ')}`);
      // Another snapshot may still be there.
      await client.query(`DROP SCHEMA IF EXISTS ${GUARD_SCHEMA}`).catch(() => undefined);
    },
  };
}
