/** What a migration does to the releases that work meanwhile, and what they do to it. */
import { UnfitError } from '#harness/core/errors.ts';
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import { conflicts, LOCK_MODES } from '#harness/database/guard/locks-modes.ts';
import { type Stretches, underLoad, workOnly } from '#harness/database/guard/under-load.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { Address } from '#harness/database/server/types.ts';
import { deriveRelease } from '#harness/database/workload/derive.ts';
import type { Release } from '#harness/database/workload/types.ts';
import type { Measuring } from './measuring.ts';
import { settingsOf } from './request.ts';
import type { Trial } from './trial.ts';

/** In seconds; ten million rows are written anew in less. */
const DEADLINE_S = { derive: 60, load: 600 } as const;

/** The queue is what matters there; that the releases are in order was seen without the reader. */
const BEHIND_READER: Stretches = { before_ms: 200, during_ms: 0, after_ms: 100 };

/** Runs it while the releases work: freely, and behind a reader. */
async function loaded(
  { server, template, migration, request }: Trial,
  measuring: Measuring,
  old: Release,
  measured: Partial<MigrationFacts>,
): Promise<Partial<MigrationFacts>> {
  const { next, rate_per_s, seed, reader_ms } = request;
  const run = async (
    address: Address,
    signal: AbortSignal,
    more: { readonly reader_ms?: number; readonly stretches?: Stretches },
  ) =>
    await underLoad({
      address,
      migration,
      old,
      rate_per_s,
      seed,
      signal,
      ...(next === undefined ? {} : { next }),
      ...settingsOf(request),
      ...more,
    });
  const under_load = await measuring.part({
    part: 'under_load',
    title: `${migration.name}: with the releases at work`,
    deadline_s: DEADLINE_S.load,
    act: async ({ signal }) => {
      await using database = await server.create({ template });
      return await run(database.address, signal, {});
    },
  });
  const behind_reader =
    reader_ms === undefined || !locksSomething(migration, measured, PASSES_READERS)
      ? undefined
      : await measuring.part({
          part: 'behind_reader',
          title: `${migration.name}: behind an open reader`,
          deadline_s: DEADLINE_S.load,
          act: async ({ signal }) => {
            await using database = await server.create({ template });
            return await run(database.address, signal, { reader_ms, stretches: BEHIND_READER });
          },
        });
  return {
    ...(under_load === undefined ? {} : { under_load }),
    ...(behind_reader === undefined ? {} : { behind_reader }),
  };
}

/**
 * The old release, or where none was named one that reads and writes the tables that the migration names, so that blocked time
 * is measured all the same; its errors are judged by nobody.
 */
async function oldRelease(
  { server, template, migration, request }: Trial,
  measuring: Measuring,
): Promise<Release | undefined> {
  if (request.old !== undefined) return request.old;
  return await measuring.part({
    part: 'under_load',
    title: `${migration.name}: a release made from the schema`,
    deadline_s: DEADLINE_S.derive,
    act: async () => {
      await using database = await server.create({ template });
      return await madeUp(database.address, migration);
    },
  });
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

/** With releases that somebody named always; else where there is a lock for which anybody could wait. */
export async function atWork(
  trial: Trial,
  measuring: Measuring,
  measured: Partial<MigrationFacts>,
): Promise<Partial<MigrationFacts>> {
  const { migration, request } = trial;
  const named = request.old !== undefined || request.next !== undefined;
  if (!named && !(request.made_up && locksSomething(migration, measured, HARMLESS))) return {};
  const old = await oldRelease(trial, measuring);
  return old === undefined ? {} : await loaded(trial, measuring, old, measured);
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
