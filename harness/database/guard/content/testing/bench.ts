import type { ColumnFate, ContentFacts, TableFate } from '#harness/core/guard/content-facts.ts';
import type { Address, ScratchServer } from '../../../server/types.ts';
import { startSmallServer } from '../../../testing/small-server.ts';
import { openSession } from '../../apply-session.ts';
import { takeSnapshot } from '../../content.ts';

/** A hundred users, with names of one to twenty-one letters, and no age for every tenth. */
export const USERS = `
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, age int, paid numeric(10,2));
INSERT INTO users SELECT g, repeat('n', g % 20) || g, nullif(g % 10, 0), g / 4.0 FROM generate_series(1, 100) g;
`;

/** What a fate says that is not 0, so that what did not happen need not be said. */
export function brief(fate: ColumnFate): Readonly<Record<string, unknown>> {
  const counts = Object.entries(fate).filter(([, value]) => typeof value === 'number' && value > 0);
  const moved = fate.moved_to === undefined ? {} : { moved_to: fate.moved_to };
  return { ...Object.fromEntries(counts), ...moved };
}

export async function runSql(address: Address, sql: string): Promise<void> {
  await using session = await openSession(address, 'test');
  await session.client.query(sql);
}

/** A server on which statements are tried, each time on a database of its own. */
export class ContentBench implements AsyncDisposable {
  readonly server: ScratchServer;

  private constructor(server: ScratchServer) {
    this.server = server;
  }

  static async start(): Promise<ContentBench> {
    return new ContentBench(await startSmallServer());
  }

  async facts(before: string, migration: string): Promise<ContentFacts> {
    await using database = await this.server.create();
    await runSql(database.address, before);
    await using kept = await takeSnapshot(database.address);
    await runSql(database.address, migration);
    return await kept.compare();
  }

  async table(before: string, migration: string, name = 'public.users'): Promise<TableFate> {
    const found = (await this.facts(before, migration)).tables.find((one) => one.table === name);
    if (found === undefined) throw new Error(`nothing is told of ${name}`);
    return found;
  }

  /** Fates of columns by their name before. */
  async columns(before: string, migration: string) {
    const { columns } = await this.table(before, migration);
    return Object.fromEntries(columns.map((fate) => [fate.column, brief(fate)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
