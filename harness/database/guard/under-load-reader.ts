/** A reader in the way of a migration. */
import { identifier } from '../ask.ts';
import type { Address } from '../server/types.ts';
import { openSession } from './apply-session.ts';

/** A transaction that has read all tables and is still open, as that of a report or of `pg_dump` is. */
export interface LongReader extends AsyncDisposable {
  /** Ends it. */
  end(): Promise<void>;
}

/** Source: pg_dump locks every table that it dumps in this mode and reads them in one transaction of this level. */
export async function openLongReader(address: Address): Promise<LongReader> {
  const session = await openSession(address, 'mettle long reader');
  try {
    const { client } = session;
    const { rows } = await client.query<[string, string]>({
      text: String.raw`SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'`,
      rowMode: 'array',
    });
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const [schema, table] of rows) {
      const name = `${identifier(schema)}.${identifier(table)}`;
      await client.query(`LOCK TABLE ONLY ${name} IN ACCESS SHARE MODE`);
    }
    // Takes the snapshot, which a concurrent build of an index waits for.
    await client.query('SELECT 1');
    return {
      end: async () => {
        await client.query('COMMIT');
      },
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}
