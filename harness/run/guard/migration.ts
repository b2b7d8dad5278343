/** All that is measured of one migration. */
import type { MigrationFacts, StatementFacts } from '#harness/core/guard/facts.ts';
import { redactSql } from '#harness/core/guard/redact-sql.ts';
import { applyAlone } from '#harness/database/guard/alone.ts';
import { takeSnapshot } from '#harness/database/guard/content.ts';
import { killMigration } from '#harness/database/guard/kill.ts';
import { roundTrip } from '#harness/database/guard/round-trip.ts';
import { type Stretches, workOnly } from '#harness/database/guard/under-load.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { Address } from '#harness/database/server/types.ts';
import { atWork, madeUp, newBefore } from './at-work.ts';
import { Measuring } from './measuring.ts';
import { isLeftOut, settingsOf } from './request.ts';
import { atSizes } from './sizes.ts';
import type { Trial, Tried } from './trial.ts';

/** In seconds; ten million rows are copied, compared and written anew in less. */
const DEADLINE_S = { alone: 900, round_trip: 900, kills: 900 } as const;

/** What stands in a report of a statement: no secret, and nothing that only the harness needs. */
function statementFacts({ index, text, position, kind, relations, does }: StatementFacts): StatementFacts {
  return { index, text: redactSql(text), position, kind, relations, does };
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

/** Some dozens of statements: what is to be found is whether any of their rows is lost. */
const BRIEFLY: Stretches = { before_ms: 0, during_ms: 0, after_ms: 150 };

/** Lets the new release write for a while, or where none was named one that is made from the schema as it is then. */
async function write(
  { request, migration }: Trial,
  address: Address,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { next, rate_per_s, seed } = request;
  const release = next ?? (await madeUp(address, migration));
  if (release === undefined) return;
  const given = signal === undefined ? {} : { signal };
  const stretches = next === undefined ? { stretches: BRIEFLY } : {};
  await workOnly(release, {
    side: 'new',
    moment: 'after',
    address,
    rate_per_s,
    seed,
    ...stretches,
    ...given,
  });
}

/** There and back, and there again. */
async function thereAndBack(trial: Trial, measuring: Measuring): Promise<Partial<MigrationFacts>> {
  const { server, template, migration, request } = trial;
  if (migration.down === undefined) return {};
  const round_trip = await measuring.part({
    part: 'round_trip',
    title: `${migration.name}: there and back`,
    deadline_s: DEADLINE_S.round_trip,
    act: async ({ signal, progress }) => {
      await using database = await server.create({ template });
      return await roundTrip({
        address: database.address,
        migration,
        write: (address, stop) => write(trial, address, stop),
        signal,
        progress,
        ...settingsOf(request),
      });
    },
  });
  return round_trip === undefined ? {} : { round_trip };
}

/** Killed in the middle, in each way. */
async function killed(trial: Trial, measuring: Measuring): Promise<Partial<MigrationFacts>> {
  const { server, template, migration, request } = trial;
  if (isLeftOut(request, 'kills')) return {};
  const kills = await measuring.part({
    part: 'kills',
    title: `${migration.name}: killed in the middle`,
    deadline_s: DEADLINE_S.kills,
    act: ({ signal, progress }) =>
      killMigration({ server, template, migration, signal, progress, ...settingsOf(request) }),
  });
  return kills === undefined ? {} : { kills };
}

/** Measures one migration on copies of the state before it. */
export async function tryMigration(trial: Trial): Promise<Tried> {
  const { migration, phases, signal } = trial;
  const measuring = new Measuring(phases, signal);
  const { after, ...measured } = await alone(trial, measuring);
  await using undo = new AsyncDisposableStack();
  if (after !== undefined) undo.use(after);
  const under = await atWork(trial, measuring, measured);
  const [before, back] = await Promise.all([newBefore(trial, measuring), thereAndBack(trial, measuring)]);
  const sizes = await atSizes(trial, measuring);
  // Last, because the server crashes.
  const broken_off = await killed(trial, measuring);
  const parts: Partial<MigrationFacts> = {
    ...measured,
    ...under,
    ...before,
    ...back,
    ...sizes,
    ...broken_off,
  };
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
