/** All that is measured of one migration. */
import type { DataFacts, MigrationFacts, StatementFacts } from '#harness/core/guard/facts.ts';
import { redactSql } from '#harness/core/guard/redact-sql.ts';
import { applyAlone } from '#harness/database/guard/alone.ts';
import { takeSnapshot } from '#harness/database/guard/content.ts';
import { underLoad, workOnly } from '#harness/database/guard/under-load.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { Address, ScratchDatabase, ScratchServer } from '#harness/database/server/types.ts';
import { deriveRelease } from '#harness/database/workload/derive.ts';
import type { Release } from '#harness/database/workload/types.ts';
import type { Phases } from '../phases.ts';
import { Measuring } from './measuring.ts';
import type { GuardRequest } from './request.ts';

/** In seconds; ten million rows are copied, compared and written anew in less. */
const DEADLINE_S = { alone: 900, derive: 60, load: 600, round_trip: 900, kills: 900, growth: 900 } as const;

export interface Trial {
  readonly server: ScratchServer;
  /** State before the migration; nobody is connected to it. */
  readonly template: ScratchDatabase;
  /** As they are in it, where it is not the first one. */
  readonly tables?: DataFacts['tables'];
  readonly migration: Migration;
  readonly request: GuardRequest;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

export interface Tried {
  readonly facts: MigrationFacts;
  /** State after the migration; undefined where it was not applied. The caller gives it back. */
  readonly after: ScratchDatabase | undefined;
}

/** What stands in a report of a statement: no secret, and nothing that only the harness needs. */
function statementFacts({ index, text, position, kind, relations, does }: StatementFacts): StatementFacts {
  return { index, text: redactSql(text), position, kind, relations, does };
}

function settingsOf({ lock_timeout }: GuardRequest): {
  readonly settings?: Readonly<Record<string, string>>;
} {
  return lock_timeout === undefined ? {} : { settings: { lock_timeout } };
}

/** Runs it alone, with the rows kept beside it; the database is the state after it. */
async function alone(
  trial: Trial,
  measuring: Measuring,
): Promise<Pick<Tried, 'after'> & Partial<MigrationFacts>> {
  const { server, template, migration, request } = trial;
  const found = await measuring.part({
    part: 'alone',
    title: `${migration.name}: alone`,
    deadline_s: DEADLINE_S.alone,
    act: async ({ signal, progress }) => {
      await using undo = new AsyncDisposableStack();
      const database = undo.use(await server.create({ template }));
      progress('keeping the rows');
      await using kept = await takeSnapshot(database.address);
      progress('running it');
      const measured = await applyAlone({
        address: database.address,
        migration,
        signal,
        ...settingsOf(request),
      });
      progress('comparing the rows');
      const content = await kept.compare();
      if (measured.outcome === 'applied') undo.move();
      return { measured, content, after: measured.outcome === 'applied' ? database : undefined };
    },
  });
  if (found === undefined) {
    measuring.skip('content', 'it was not run through');
    return { after: undefined };
  }
  return { alone: found.measured, content: found.content, after: found.after };
}

/** Runs it while the releases work: freely, and behind a reader. */
async function loaded(
  { server, template, migration, request }: Trial,
  measuring: Measuring,
  old: Release,
  measured: Partial<MigrationFacts>,
): Promise<Partial<MigrationFacts>> {
  const { next, rate_per_s, seed, reader_ms } = request;
  const run = async (address: Address, signal: AbortSignal, more: { readonly reader_ms?: number }) =>
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
            return await run(database.address, signal, { reader_ms });
          },
        });
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
  return {
    ...(under_load === undefined ? {} : { under_load }),
    ...(behind_reader === undefined ? {} : { behind_reader }),
    ...(new_before === undefined ? {} : { new_before }),
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
  const named = migration.up.statements.flatMap(({ relations }) => relations);
  return await measuring.part({
    part: 'under_load',
    title: `${migration.name}: a release made from the schema`,
    deadline_s: DEADLINE_S.derive,
    act: async () => {
      await using database = await server.create({ template });
      const { release } = await deriveRelease(database.address, [...new Set(named)]);
      return release.statements.length === 0 ? undefined : release;
    },
  });
}

/** Modes that need not wait for a reader: all but `AccessExclusiveLock`. */
const PASSES_READERS: ReadonlySet<string> = new Set([
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
]);

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
async function atWork(
  trial: Trial,
  measuring: Measuring,
  measured: Partial<MigrationFacts>,
): Promise<Partial<MigrationFacts>> {
  const { migration, request } = trial;
  const named = request.old !== undefined || request.next !== undefined;
  if (!named && !locksSomething(migration, measured, HARMLESS)) return {};
  const old = await oldRelease(trial, measuring);
  return old === undefined ? {} : await loaded(trial, measuring, old, measured);
}

/** Measures one migration on copies of the state before it. */
export async function tryMigration(trial: Trial): Promise<Tried> {
  const { migration, phases, signal } = trial;
  const measuring = new Measuring(phases, signal);
  const { after, ...measured } = await alone(trial, measuring);
  await using undo = new AsyncDisposableStack();
  if (after !== undefined) undo.use(after);
  const under = await atWork(trial, measuring, measured);
  const parts: Partial<MigrationFacts> = { ...measured, ...under };
  const facts: MigrationFacts = {
    name: migration.name,
    tool: migration.tool,
    up: redactSql(migration.up.text),
    ...(migration.down === undefined ? {} : { down: redactSql(migration.down.text) }),
    statements: migration.up.statements.map(statementFacts),
    ...(trial.tables === undefined ? {} : { tables: trial.tables }),
    ...parts,
    ...measuring.missing,
  };
  undo.move();
  return { facts, after };
}

/** Facts of a migration that could not be tried, because one before it was not applied. */
export function untried({ name, tool, up, down }: Migration, why: string): MigrationFacts {
  return {
    name,
    tool,
    up: redactSql(up.text),
    ...(down === undefined ? {} : { down: redactSql(down.text) }),
    statements: up.statements.map(statementFacts),
    not_measured: { alone: why, content: why },
  };
}
