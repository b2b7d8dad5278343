/** Makes the connections of a release that is a set of statements. */
import { seededRandom } from '#harness/core/random.ts';
import { openSession } from '../guard/apply-session.ts';
import { drawerOf } from './draw.ts';
import type { Carrier } from './lane.ts';
import type { Sent } from './generator.ts';
import { SqlCarrier, type SqlItem } from './sql-carrier.ts';
import type { SqlRelease, WorkloadOptions } from './types.ts';

/** Connections of readers, and as many of writers: enough for 3,000 statements a second of 2 ms each. */
const CONNECTIONS = 8;

/** How the sessions of a workload are called: `mettle old readers`. */
export function sessionName(side: WorkloadOptions['side'], kind: 'readers' | 'writers'): string {
  return `mettle ${side} ${kind}`;
}

export interface Sender {
  readonly sent: readonly Sent[];
  readonly carriers: { readonly readers: readonly Carrier[]; readonly writers: readonly Carrier[] };
}

async function itemsOf(release: SqlRelease, { address, side, seed }: WorkloadOptions): Promise<SqlItem[]> {
  await using session = await openSession(address, `mettle ${side} samples`);
  const random = seededRandom(seed);
  const items: SqlItem[] = [];
  for (const statement of release.statements) {
    const draw = await drawerOf(statement.parameters, { client: session.client, side, seed, random });
    items.push({ statement, draw });
  }
  return items;
}

/** Which statements only read, by the server's own word where their text says so. */
async function readersOf(items: readonly SqlItem[], { address, side }: WorkloadOptions): Promise<boolean[]> {
  await using trial = new SqlCarrier(address, `mettle ${side} trial`, items);
  await trial.open([]);
  const readers: boolean[] = [];
  for (const [item, { statement }] of items.entries()) {
    readers.push(statement.reads_only && (await trial.reads(item)) !== false);
  }
  return readers;
}

/**
 * Connects and prepares every statement on every connection.
 * @throws UnfitError when the database lets nobody in
 */
export async function sqlSender(release: SqlRelease, options: WorkloadOptions): Promise<Sender> {
  const { address, side } = options;
  const items = await itemsOf(release, options);
  const reads = await readersOf(items, options);
  const opened = async (kind: 'readers' | 'writers'): Promise<readonly Carrier[]> => {
    const own = [...items.keys()].filter((item) => reads[item] === (kind === 'readers'));
    if (own.length === 0) return [];
    const carriers = Array.from(
      { length: CONNECTIONS },
      () => new SqlCarrier(address, sessionName(side, kind), items),
    );
    await Promise.all(carriers.map((carrier) => carrier.open(own)));
    return carriers;
  };
  const sent = items.map(({ statement: { name, weight } }, item) => ({
    name,
    weight,
    reads_only: reads[item] === true,
  }));
  return { sent, carriers: { readers: await opened('readers'), writers: await opened('writers') } };
}
