/** What a migration does to the releases that work meanwhile, and what they do to it. */
import { UnfitError } from '#harness/core/errors.ts';
import type { ContentFacts } from '#harness/core/guard/content-facts.ts';
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import type { UnderLoadFacts } from '#harness/core/guard/load-facts.ts';
import { conflicts, LOCK_MODES } from '#harness/database/guard/locks-modes.ts';
import { type Stretches, underLoad, workOnly } from '#harness/database/guard/under-load.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { Address } from '#harness/database/server/types.ts';
import { deriveRelease } from '#harness/database/workload/derive.ts';
import type { Release } from '#harness/database/workload/types.ts';
import type { Measuring } from './measuring.ts';
import { countsErrors, settingsOf } from './request.ts';
import type { Trial } from './trial.ts';

/** In seconds; ten million rows are written anew in less. */
const DEADLINE_S = { load: 600 } as const;

/** The queue is what matters there, in which one release is enough; that both are in order was seen without the reader. */
const BEHIND_READER: Stretches = { before_ms: 200, during_ms: 0, after_ms: 100 };

/**
 * Errors of a release that was made up are judged by nobody: before the migration it only has to be in swing, and afterwards to
 * work off what was held up.
 */
const MADE_UP: Stretches = { before_ms: 150, during_ms: 100, after_ms: 50 };

interface Load {
  readonly old: Release;
  /** What the migration does to rows and values where it runs alone. */
  readonly content: ContentFacts | undefined;
  readonly next?: Release | undefined;
  readonly reader_ms?: number;
  readonly stretches?: Stretches;
  readonly signal: AbortSignal;
}

async function run(
  { migration, request }: Trial,
  address: Address,
  { old, next, content, ...load }: Load,
): Promise<UnderLoadFacts> {
  const { rate_per_s, seed } = request;
  return await underLoad({
    address,
    migration,
    old,
    rate_per_s,
    seed,
    writes: { content },
    ...(next === undefined ? {} : { next }),
    ...settingsOf(request),
    ...load,
  });
}

export interface Freely {
  readonly under_load: UnderLoadFacts;
  /** The one that worked. */
  readonly old: Release;
}

/**
 * Runs it while the releases work. Where no old one was named, one does that reads and writes the tables that the migration
 * names, so that blocked time is measured all the same. Always where errors are judged; else where there is a lock for which
 * anybody could wait.
 */
export async function freelyAtWork(
  trial: Trial,
  measuring: Measuring,
  measured: Partial<MigrationFacts>,
): Promise<Freely | undefined> {
  const { server, template, migration, request } = trial;
  const counts = countsErrors(request);
  if (!counts && !(request.made_up && locksSomething(migration, measured, HARMLESS))) return undefined;
  return await measuring.part({
    part: 'under_load',
    title: `${migration.name}: with the releases at work`,
    deadline_s: DEADLINE_S.load,
    act: async ({ signal }) => {
      await using database = await server.create({ template });
      const { address } = database;
      const old = request.old ?? (await madeUp(address, migration));
      if (old === undefined) return undefined;
      const stretches = counts ? {} : { stretches: MADE_UP };
      return {
        old,
        under_load: await run(trial, address, {
          old,
          next: request.next,
          content: measured.content,
          signal,
          ...stretches,
        }),
      };
    },
  });
}

/** Runs it behind a reader that stays open, where it asks for a lock that a reader stands in the way of. */
export async function behindReader(
  trial: Trial,
  measuring: Measuring,
  { measured, old }: { readonly measured: Partial<MigrationFacts>; readonly old: Release | undefined },
): Promise<Partial<MigrationFacts>> {
  const { server, template, migration, request } = trial;
  const { reader_ms } = request;
  if (old === undefined || reader_ms === undefined) return {};
  if (!locksSomething(migration, measured, PASSES_READERS)) return {};
  const behind_reader = await measuring.part({
    part: 'behind_reader',
    title: `${migration.name}: behind an open reader`,
    deadline_s: DEADLINE_S.load,
    act: async ({ signal }) => {
      await using database = await server.create({ template });
      return await run(trial, database.address, {
        old,
        content: measured.content,
        reader_ms,
        signal,
        stretches: BEHIND_READER,
      });
    },
  });
  return behind_reader === undefined ? {} : { behind_reader };
}

/** Modes that need not wait for a reader. */
const PASSES_READERS: ReadonlySet<string> = new Set(
  LOCK_MODES.filter((mode) => !conflicts(mode, 'AccessShareLock')),
);

/** Modes that stop nobody but those who take the whole table for themselves. */
const HARMLESS: ReadonlySet<string> = new Set(['AccessShareLock', 'RowShareLock']);

/**
 * Whether it was seen to lock a table that was there, or could have. Locks of a statement that no transaction may hold are
 * only looked at now and then.
 */
function locksSomething(
  { up }: Migration,
  { alone: costs }: Partial<MigrationFacts>,
  harmless: ReadonlySet<string>,
): boolean {
  if (costs === undefined || costs.outcome !== 'applied') return true;
  return (
    up.statements.some((one) => one.needs_no_transaction) ||
    costs.statements.some(({ locks }) => Object.values(locks).some((mode) => !harmless.has(mode)))
  );
}

/** A release that reads and writes the tables that the migration names. */
export async function madeUp(address: Address, { up }: Migration): Promise<Release | undefined> {
  try {
    const named = up.statements.flatMap(({ relations }) => relations);
    const { release } = await deriveRelease(address, [...new Set(named)]);
    return release.statements.length === 0 ? undefined : release;
  } catch (error) {
    // A database without a table has nothing to write to.
    if (error instanceof UnfitError) return undefined;
    throw error;
  }
}

/** The new release on the database as it was. Only its errors count, not its times: other things may go on beside it. */
export async function newBefore(
  { server, template, migration, request }: Trial,
  measuring: Measuring,
): Promise<Partial<MigrationFacts>> {
  const { next, rate_per_s, seed } = request;
  const new_before =
    next === undefined
      ? undefined
      : await measuring.part({
          part: 'new_before',
          title: `${migration.name}: the new release before it`,
          deadline_s: DEADLINE_S.load,
          act: async ({ signal }) => {
            await using database = await server.create({ template });
            const { address } = database;
            return await workOnly(next, { side: 'new', moment: 'before', address, rate_per_s, seed, signal });
          },
        });
  return new_before === undefined ? {} : { new_before };
}
