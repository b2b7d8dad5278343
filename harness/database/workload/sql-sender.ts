/** Makes the connections of a release that is a set of statements. */
import type { ReleaseSide } from '#harness/core/guard/load-facts.ts';
import { seededRandom } from '#harness/core/random.ts';
import { openSession } from '../guard/apply-session.ts';
import { drawerOf, seedOf } from './draw.ts';
import type { Sent } from './generator.ts';
import type { Carrier } from './lane.ts';
import { onlyReads, SqlCarrier, type SqlItem } from './sql-carrier.ts';
import type { SqlRelease, WorkloadOptions } from './types.ts';

type Kind = 'readers' | 'writers';

/** What sends the items of a release, and which they are. */
export interface Sender {
  readonly sent: readonly Sent[];
  readonly carriers: Readonly<Record<Kind, readonly Carrier[]>>;
}

const CONNECTIONS_MIN = 4;
const CONNECTIONS_MAX = 16;
/** What one connection can do without being the reason that others wait: statements of 5 ms. */
const CONNECTION_PER_S = 200;

/** Connections of readers, and as many of writers. */
function connectionsFor(rate_per_s: number): number {
  return Math.min(CONNECTIONS_MAX, Math.max(CONNECTIONS_MIN, Math.ceil(rate_per_s / CONNECTION_PER_S)));
}

/** How the sessions of a workload are called: `mettle old readers`. */
function sessionName(side: ReleaseSide, kind: Kind): string {
  return `mettle ${side} ${kind}`;
}

interface Sorted extends SqlItem {
  readonly kind: Kind;
}

/** Draws what the statements need, and asks the server which of them only read. */
async function itemsOf(release: SqlRelease, { address, side, seed }: WorkloadOptions): Promise<Sorted[]> {
  await using session = await openSession(address, `mettle ${side} trial`);
  const { client } = session;
  const random = seededRandom(seedOf(seed, side));
  const items: Sorted[] = [];
  for (const [place, statement] of release.statements.entries()) {
    const draw = await drawerOf(statement.parameters, { client, side, seed, random });
    const item = { statement, place, draw };
    items.push({ ...item, kind: (await onlyReads(client, item)) ? 'readers' : 'writers' });
  }
  return items;
}

/**
 * Connects and prepares every statement on every connection.
 * @throws UnfitError when the database lets nobody in
 */
export async function sqlSender(release: SqlRelease, options: WorkloadOptions): Promise<Sender> {
  const { address, side, rate_per_s } = options;
  const items = await itemsOf(release, options);
  const open = async (kind: Kind): Promise<readonly Carrier[]> => {
    const own = items.filter((item) => item.kind === kind);
    if (own.length === 0) return [];
    const carriers = Array.from(
      { length: (kind === 'writers' ? release.writers : undefined) ?? connectionsFor(rate_per_s) },
      () => new SqlCarrier(address, sessionName(side, kind), own),
    );
    await Promise.all(carriers.map((carrier) => carrier.open()));
    return carriers;
  };
  const [readers, writers] = await Promise.all([open('readers'), open('writers')]);
  return {
    sent: items.map(({ statement: { name, weight }, kind }) => ({
      name,
      weight,
      reads_only: kind === 'readers',
    })),
    carriers: { readers, writers },
  };
}
