/** Runs a migration while the old and the new release work, and lets them work on after it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ContentFacts } from '#harness/core/guard/content-facts.ts';
import type { StatementFacts } from '#harness/core/guard/facts.ts';
import type { Moment, UnderLoadFacts, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { Migration } from '../migrations/types.ts';
import type { Address } from '../server/types.ts';
import { startWorkload } from '../workload/start.ts';
import type { Release, RunningWorkload } from '../workload/types.ts';
import { type Applied, applyFile } from './apply.ts';
import { applySettings, openSession, type Session } from './apply-session.ts';
import type { Window } from './blocked.ts';
import { deadlocksOf } from './deadlocks.ts';
import { LockWatch, type Watched } from './locks.ts';
import { blockedFacts, type RunStatement, type SeenStall } from './under-load-facts.ts';
import { openLongReader } from './under-load-reader.ts';
import { startReleases } from './under-load-releases.ts';
import { openWriteLog, type WriteLog } from './writes/write-log.ts';

/** How long the releases work in each stretch, in ms. */
export interface Stretches {
  readonly before_ms: number;
  /** At least, from the beginning of the migration: a short one leaves time for some answers all the same. */
  readonly during_ms: number;
  readonly after_ms: number;
  /**
   * How much longer they work at the most, until each of their statements was sent once: one that was never sent may be the one
   * that the migration broke. Not at all when absent.
   */
  readonly cover_ms?: number;
}

export const STRETCHES: Stretches = { before_ms: 400, during_ms: 300, after_ms: 400, cover_ms: 10_000 };

export interface LoadOptions {
  /** A database of its own, which nobody else uses. */
  readonly address: Address;
  readonly rate_per_s: number;
  readonly seed: number;
  readonly stretches?: Stretches;
  readonly signal?: AbortSignal;
}

export interface UnderLoadOptions extends LoadOptions {
  readonly migration: Pick<Migration, 'up' | 'in_transaction'>;
  readonly old: Release;
  /** Works while it runs, and anew after it where that was not refused. */
  readonly next?: Release;
  /** Time for which a transaction that has read all tables stays open once the migration has begun; none when absent. */
  readonly reader_ms?: number;
  /** Settings of the migration's session, as the tool sets them: `lock_timeout`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Holds what the releases write against what is there afterwards. */
  readonly writes?: {
    /** What the migration does to rows and values where it runs alone. */ readonly content:
      | ContentFacts
      | undefined;
  };
}

interface Ran {
  readonly applied: Exclude<Applied, { outcome: 'lost' }>;
  readonly run: Window;
  readonly statements: readonly RunStatement[];
  readonly releases_ms: readonly number[];
}

async function runTimed(session: Session, { migration, signal }: UnderLoadOptions): Promise<Ran> {
  const statements: RunStatement[] = [];
  const releases_ms: number[] = [];
  let begun_ms = performance.now();
  const from_ms = begun_ms;
  let running: StatementFacts | undefined;
  const noteDuration = (): void => {
    if (!running) return;
    const now_ms = performance.now();
    statements.push({ index: running.index, from_ms: begun_ms, duration_ms: now_ms - begun_ms });
    if (session.client.getTransactionStatus() === 'I') releases_ms.push(now_ms);
    running = undefined;
  };
  const applied = await applyFile(session, migration.up, {
    in_transaction: migration.in_transaction,
    ...(signal === undefined ? {} : { signal }),
    before: (statement) => {
      running = statement;
      begun_ms = performance.now();
    },
    after: noteDuration,
  });
  // The one that was refused.
  noteDuration();
  const to_ms = performance.now();
  releases_ms.push(to_ms);
  if (applied.outcome === 'lost') {
    throw new UnfitError(`the connection of the migration broke off: ${applied.message}`);
  }
  return { applied, run: { from_ms, to_ms }, statements, releases_ms };
}

async function stallsOf(workload: RunningWorkload, run: Window): Promise<readonly SeenStall[]> {
  const zero = performance.timeOrigin;
  const stalls = await workload.stalls(zero + run.from_ms);
  return stalls
    .filter(({ from }) => from - zero < run.to_ms)
    .map(({ reader, from, to }) => ({ reader, from_ms: from - zero, to_ms: to - zero }));
}

interface During {
  readonly ran: Ran;
  readonly watched: Watched;
  readonly reader_held_ms?: number;
}

async function runWatched(options: UnderLoadOptions, log: WriteLog | undefined): Promise<During> {
  const { address, settings, reader_ms, signal } = options;
  await using migrating = await openSession(address, 'mettle migration');
  await log?.leaveOut(migrating);
  await applySettings(migrating, settings);
  await using reader = reader_ms === undefined ? undefined : await openLongReader(address);
  await using watch = await LockWatch.open(address, migrating.pid);
  const from_ms = performance.now();
  const held = reader && delay(reader_ms, undefined, { signal }).then(() => reader.end());
  const [ran, reader_held_ms] = await Promise.all([
    runTimed(migrating, options),
    held?.then(() => performance.now() - from_ms),
  ]);
  const watched = await watch.stop();
  return { ran, watched, ...(reader_held_ms === undefined ? {} : { reader_held_ms }) };
}

/**
 * Runs a migration on a database at which the releases are at work: the old one before, during and after it, the new one
 * during and after it. Who waits for the migration is told by the server's locks and by how long clients of the old one got no
 * good answer.
 * @throws UnfitError when the database lets nobody in, or ends the connection of the migration
 */
export async function underLoad(options: UnderLoadOptions): Promise<UnderLoadFacts> {
  const { address, next, stretches = STRETCHES, signal, writes } = options;
  const wait = (ms: number) => delay(Math.max(0, ms), undefined, { signal });

  const logged = writes === undefined ? {} : await openWriteLog(address);
  await using log = logged.log;
  await using releases = await startReleases(options);
  const { working, coming } = releases;
  await wait(stretches.before_ms);
  // All that was due before it is answered before it begins; what becomes due meanwhile belongs to the next stretch.
  const [before] = await Promise.all([working.cut('before'), coming?.cut('before')]);
  const { ran, watched, reader_held_ms } = await runWatched(options, log);
  await wait(stretches.during_ms - (performance.now() - ran.run.from_ms));
  // What it held up belongs to it, and not to what comes after.
  await Promise.all([working.settle(), coming?.settle()]);
  const [during, new_during] = await Promise.all([working.cut('during'), coming?.stop('during')]);
  const stalls = await stallsOf(working, ran.run);
  await coming?.[Symbol.asyncDispose]();

  const is_new = next !== undefined && ran.applied.outcome === 'applied';
  const [old_after, new_after] = await Promise.all([
    stopAfter(working, 'after', { stretches, signal }),
    is_new ? workAfter(next, { ...options, stretches }) : undefined,
  ]);
  const { applied, run, statements, releases_ms } = ran;
  const refusal = applied.outcome === 'refused' ? applied.refusal : undefined;
  const deadlocks = deadlocksOf(refusal, [during, old_after], watched);
  return {
    outcome: applied.outcome,
    ...(refusal === undefined ? {} : { refusal }),
    duration_ms: applied.duration_ms,
    ...(reader_held_ms === undefined ? {} : { reader_held_ms }),
    ...blockedFacts({ run, statements, releases_ms, watched, stalls }),
    ...(deadlocks.length === 0 ? {} : { deadlocks }),
    workloads: [before, during, old_after, new_during, new_after].filter((one) => one !== undefined),
    ...(releases.coming_missing === undefined ? {} : { new_during_missing: releases.coming_missing }),
    ...(log === undefined ? {} : { written: await log.compare(writes?.content) }),
    ...(logged.missing === undefined ? {} : { written_missing: logged.missing }),
  };
}

/** Lets a release work for as long as it is to, and tells what it met. */
async function stopAfter(
  workload: RunningWorkload,
  moment: Moment,
  {
    stretches: { after_ms, cover_ms },
    signal,
  }: { readonly stretches: Stretches; readonly signal: AbortSignal | undefined },
): Promise<WorkloadFacts> {
  await delay(after_ms, undefined, { signal });
  if (cover_ms !== undefined) await workload.cover(cover_ms);
  return await workload.stop(moment);
}

async function workAfter(release: Release, options: LoadOptions): Promise<WorkloadFacts> {
  return await workOnly(release, { ...options, side: 'new', moment: 'after' });
}

/**
 * Lets a release work for the time `after_ms`, and tells what it met: the new release on a database as it was before, for
 * example.
 * @throws UnfitError when the database lets nobody in
 */
export async function workOnly(
  release: Release,
  options: LoadOptions & Pick<WorkloadFacts, 'side' | 'moment'>,
): Promise<WorkloadFacts> {
  const { address, side, moment, rate_per_s, seed, stretches = STRETCHES, signal } = options;
  const given = signal === undefined ? {} : { signal };
  await using workload = await startWorkload(release, { address, side, rate_per_s, seed, ...given });
  return await stopAfter(workload, moment, { stretches, signal });
}
