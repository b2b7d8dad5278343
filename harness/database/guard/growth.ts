/** The same migration at several sizes. */
import type { GrowthFacts } from '#harness/core/guard/facts.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Migration } from '../migrations/types.ts';
import type { Address, ScratchDatabase, ScratchServer } from '../server/types.ts';
import { applyFile } from './apply.ts';
import { applySettings, openSession } from './apply-session.ts';

/** A state before the migration, of a size. */
export interface GrowthSize {
  /** Rows of the tables that the migration touches. */
  readonly rows: number;
  /** Nobody is connected to it. */
  readonly template: ScratchDatabase;
}

export interface GrowthOptions {
  readonly server: ScratchServer;
  readonly migration: Pick<Migration, 'up' | 'in_transaction'>;
  readonly sizes: readonly GrowthSize[];
  /** Runs it with the releases at work, and tells the longest time for which somebody was blocked, in ms. */
  readonly blocked?: (address: Address, signal: AbortSignal | undefined) => Promise<number>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

async function walOf(address: Address): Promise<bigint> {
  await using session = await openSession(address, 'mettle observer');
  const { rows } = await session.client.query<{ bytes: string }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS bytes`,
  );
  return BigInt(rows[0]?.bytes ?? '0');
}

type Point = GrowthFacts['points'][number];

async function measure(
  { server, migration, blocked, settings, signal }: GrowthOptions,
  { rows, template }: GrowthSize,
): Promise<Point> {
  await using copy = await server.create({ template });
  const { address } = copy;
  // What the copy has left to be written to disk is no cost of the migration.
  await using session = await openSession(address, 'mettle migration');
  await session.client.query('CHECKPOINT');
  await applySettings(session, settings);
  const before = await walOf(address);
  const applied = await applyFile(session, migration.up, {
    in_transaction: migration.in_transaction,
    ...(signal === undefined ? {} : { signal }),
  });
  const wal_bytes = Number((await walOf(address)) - before);
  if (applied.outcome !== 'applied') {
    const why = applied.outcome === 'refused' ? applied.refusal.message : applied.message;
    throw new UnfitError(`with ${rows} rows the migration does not run through: ${why}`);
  }
  const blocked_longest_ms = blocked === undefined ? 0 : await blockedAt(server, template, blocked, signal);
  return { rows, duration_ms: applied.duration_ms, wal_bytes, blocked_longest_ms };
}

async function blockedAt(
  server: ScratchServer,
  template: ScratchDatabase,
  blocked: NonNullable<GrowthOptions['blocked']>,
  signal: AbortSignal | undefined,
): Promise<number> {
  await using copy = await server.create({ template });
  return await blocked(copy.address, signal);
}

/**
 * Runs it alone on a copy of each size, and once more with the releases at work where `blocked` does so.
 * @throws UnfitError when it is refused at a size
 */
export async function measureGrowth(options: GrowthOptions): Promise<GrowthFacts> {
  const points: Point[] = [];
  for (const size of options.sizes) {
    options.signal?.throwIfAborted();
    options.progress?.(`with ${size.rows} rows`);
    points.push(await measure(options, size));
  }
  return { points };
}
