/** The same migration at several sizes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { GrowthSizeFacts } from '#harness/core/guard/facts.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { median } from '#harness/core/guard/growth.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Migration } from '../migrations/types.ts';
import type { Address, ScratchDatabase, ScratchServer } from '../server/types.ts';
import { type Applied, applyFile, endsOwnTransaction } from './apply.ts';
import { applySettings, openSession, type Session } from './apply-session.ts';
import { metersOf } from './meters.ts';

/** A state before the migration, of a size. */
export interface GrowthSize {
  /** Rows of the largest table that the migration touches. */
  readonly rows: number;
  /** Nobody is connected to it. */
  readonly template: ScratchDatabase;
  /** How often it is run there, once when absent. Chance weighs more the shorter a run is. */
  readonly runs?: number;
  /** The longest time for which somebody was blocked there, in ms, where that was measured before. */
  readonly blocked_ms?: number;
  /** How long it took there before, alone. */
  readonly duration_ms?: number;
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

/** A wait that is no longer is the cost of a statement, and is not measured again. */
const NOTICED_MS = 5;
/** Between two looks at the size on disk, in ms. */
const LOOK_MS = 2;

interface Run {
  readonly duration_ms: number;
  readonly wal_bytes: number;
  readonly disk_bytes: number;
  readonly disk_peak_bytes: number;
  readonly pages_read?: number;
}

/**
 * The most that the database ever took. Within a transaction its files only grow, as the old ones go when it commits, so the end
 * of a statement tells; a statement that ends transactions itself is looked at while it runs.
 */
class DiskPeak implements AsyncDisposable {
  readonly #observer: Session;
  #peak_bytes = 0;
  #stop: (() => Promise<void>) | undefined;

  constructor(observer: Session) {
    this.#observer = observer;
  }

  get peak_bytes(): number {
    return this.#peak_bytes;
  }

  async look(): Promise<void> {
    const { disk_bytes } = await metersOf(this.#observer);
    this.#peak_bytes = Math.max(this.#peak_bytes, disk_bytes);
  }

  /** Looks again and again until it is stopped. */
  begin(): void {
    const over = new AbortController();
    const going = (async () => {
      while (!over.signal.aborted) {
        await this.look();
        await delay(LOOK_MS);
      }
    })();
    // Told by `end`.
    going.catch(() => undefined);
    this.#stop = async () => {
      over.abort();
      await going;
    };
  }

  async end(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    await stop?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => undefined);
  }
}

/** Of the tables of a database and of their indexes, since it was made; the server's own tables are not among them. */
const PAGES = `SELECT coalesce(sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)
  + coalesce(toast_blks_read + toast_blks_hit, 0)), 0)::text AS pages, array_agg(relid::text) AS tables FROM pg_statio_user_tables`;

/** Since this version what a session has counted is there once it has ended; before, a process of its own told it later. */
const TELLS_AT_ONCE = 150_000;

interface Pages {
  readonly read: number;
  readonly tables: readonly string[];
}

async function pagesOf({ client }: Session): Promise<Pages> {
  const { rows } = await client.query<{ pages: string; tables: readonly string[] | null }>(PAGES);
  return { read: Number(rows[0]?.pages), tables: rows[0]?.tables ?? [] };
}

/** Undefined where a table is gone: what was read of it is gone from the count too. */
function readBetween(before: Pages, now: Pages): number | undefined {
  return before.tables.every((table) => now.tables.includes(table)) ? now.read - before.read : undefined;
}

async function runAlone(options: GrowthOptions, { rows, template }: GrowthSize): Promise<Run> {
  const { server } = options;
  await using copy = await server.create({ template });
  const { address } = copy;
  await using observer = await openSession(address, 'mettle observer');
  await using disk = new DiskPeak(observer);
  const before = await metersOf(observer);
  const pages_before = await pagesOf(observer);
  const { applied, wal_from } = await applyWatched(options, observer, disk);
  const after = await metersOf(observer);
  if (applied.outcome !== 'applied') {
    const why = applied.outcome === 'refused' ? applied.refusal.message : applied.message;
    throw new UnfitError(`with ${rows} rows the migration does not run through: ${why}`);
  }
  const pages_read =
    server.version_num < TELLS_AT_ONCE ? undefined : readBetween(pages_before, await pagesOf(observer));
  return {
    duration_ms: applied.duration_ms,
    wal_bytes: after.wal_bytes - wal_from,
    disk_bytes: after.disk_bytes - before.disk_bytes,
    disk_peak_bytes: Math.max(after.disk_bytes, disk.peak_bytes) - before.disk_bytes,
    ...(pages_read === undefined ? {} : { pages_read }),
  };
}

/** In a session that has ended when it returns. */
async function applyWatched(
  { migration, settings, signal }: GrowthOptions,
  observer: Session,
  disk: DiskPeak,
): Promise<{ readonly applied: Applied; readonly wal_from: number }> {
  await using session = await openSession(observer.address, 'mettle migration');
  // What the copy has left to be written to disk is no cost of the migration.
  await session.client.query('CHECKPOINT');
  await applySettings(session, settings);
  const { wal_bytes: wal_from } = await metersOf(observer);
  const applied = await applyFile(session, migration.up, {
    in_transaction: migration.in_transaction,
    holds_each: true,
    before: (statement) => {
      if (endsOwnTransaction(statement) && session.client.getTransactionStatus() === 'I') disk.begin();
    },
    after: async () => {
      await disk.end();
      await disk.look();
    },
    ...(signal === undefined ? {} : { signal }),
  });
  return { applied, wal_from };
}

async function blockedAt(
  { server, blocked, signal }: GrowthOptions,
  { template }: GrowthSize,
): Promise<number> {
  if (blocked === undefined) return 0;
  await using copy = await server.create({ template });
  return await blocked(copy.address, signal);
}

async function measure(
  options: GrowthOptions,
  size: GrowthSize,
  is_noticed: boolean,
): Promise<GrowthSizeFacts> {
  const { rows, runs: times = 1 } = size;
  options.progress?.(`with ${rows} rows`);
  const runs: Run[] = [];
  for (let run = 0; run < times; run += 1) {
    options.signal?.throwIfAborted();
    runs.push(await runAlone(options, size));
  }
  const blocked_ms = [size.blocked_ms ?? (await blockedAt(options, size))];
  // Where nobody waits for the largest size there is nothing to make more exact.
  if (is_noticed && times > 1) blocked_ms.push(await blockedAt(options, size));
  const before_ms = size.duration_ms === undefined ? [] : [size.duration_ms];
  const durations_ms = [...before_ms, ...runs.map(({ duration_ms }) => duration_ms)];
  const pages = runs.flatMap(({ pages_read }) => pages_read ?? []);
  const of = (what: 'wal_bytes' | 'disk_bytes' | 'disk_peak_bytes'): number =>
    Math.round(median(runs.map((run) => run[what])));
  return {
    rows,
    duration_ms: median(durations_ms),
    ...(durations_ms.length > 1 ? { durations_ms } : {}),
    wal_bytes: of('wal_bytes'),
    disk_bytes: of('disk_bytes'),
    disk_peak_bytes: of('disk_peak_bytes'),
    ...(pages.length === runs.length ? { pages_read: median(pages) } : {}),
    blocked_longest_ms: median(blocked_ms),
    ...(blocked_ms.length > 1 ? { blocked_ms } : {}),
  };
}

/**
 * Runs it alone on copies of each size, and with the releases at work where `blocked` does so.
 * @returns the smallest first
 * @throws UnfitError when it is refused at a size
 */
export async function measureGrowth(options: GrowthOptions): Promise<readonly GrowthSizeFacts[]> {
  const points: GrowthSizeFacts[] = [];
  for (const size of options.sizes.toSorted((left, right) => right.rows - left.rows)) {
    const is_noticed = (points.at(-1)?.blocked_longest_ms ?? 0) > NOTICED_MS;
    points.unshift(await measure(options, size, is_noticed));
  }
  return points;
}
