import { identifier } from '../../ask.ts';
import type { SqlStatement } from '../../migrations/types.ts';
import type { Address } from '../../server/types.ts';
import { openSession, type Session } from '../apply-session.ts';
import { catalogueOf } from '../content/catalogue.ts';

/** A transaction of the guard that lets a statement come as far as its middle. */
export interface Hold extends AsyncDisposable {
  readonly session: Session;
}

/** It waits for those who write before it goes on from its first part; code that commits piecemeal waits for nobody. */
export function waitsForWriters({ needs_no_transaction, kind }: SqlStatement): boolean {
  return needs_no_transaction && kind !== 'DoStmt';
}

/**
 * A statement that commits piecemeal (`CREATE INDEX CONCURRENTLY`) has made its half-finished object when it waits for those
 * who write to the table; every other one waits before it has done anything for good.
 */
export async function holdTables(address: Address, statement: SqlStatement): Promise<Hold> {
  const session = await openSession(address, 'mettle hold');
  try {
    const tables = (await catalogueOf(session.client)).filter(({ schema }) => schema !== 'pg_catalog');
    const names = tables.map(({ schema, name }) => `${identifier(schema)}.${identifier(name)}`);
    await session.client.query('BEGIN');
    const mode = waitsForWriters(statement) ? 'ROW EXCLUSIVE' : 'EXCLUSIVE';
    if (names.length > 0) await session.client.query(`LOCK TABLE ${names.join(', ')} IN ${mode} MODE`);
    return { session, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}
