/** All that is measured of one migration. */
import type { MigrationFacts, StatementFacts } from '#harness/core/guard/facts.ts';
import type { WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import { redactSql } from '#harness/core/guard/redact-sql.ts';
import { applyAlone } from '#harness/database/guard/alone.ts';
import { openSession } from '#harness/database/guard/apply-session.ts';
import { inBrief } from '#harness/database/guard/content/brief.ts';
import type { Reach } from '#harness/database/guard/content/reach.ts';
import { keepingFew, takeSnapshot } from '#harness/database/guard/content.ts';
import { killMigration } from '#harness/database/guard/kill.ts';
import { schemaOf } from '#harness/database/guard/round-trip/schema.ts';
import { roundTrip } from '#harness/database/guard/round-trip.ts';
import { type Stretches, workOnly } from '#harness/database/guard/under-load.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { Address } from '#harness/database/server/types.ts';
import { derivedTables } from '#harness/database/workload/derive.ts';
import { behindReader, type Freely, freelyAtWork, madeUp, newBefore } from './at-work.ts';
import { Measuring } from './measuring.ts';
import { bearsCompany, countsErrors, isLeftOut, settingsOf } from './request.ts';
import { atSizes, sizesFor } from './sizes.ts';
import type { Choice } from './sizes-choice.ts';
import type { Begun, Trial } from './trial.ts';

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
): Promise<Pick<Begun, 'after'> & Partial<MigrationFacts>> {
  const { server, template, migration, request } = trial;
  const found = await measuring.part({
    part: 'alone',
    title: `${migration.name}: alone`,
    deadline_s: DEADLINE_S.alone,
    act: ({ signal, progress }) =>
      keepingFew([migration.up.text], async (reach) => {
        await using undo = new AsyncDisposableStack();
        const database = undo.use(await server.create({ template }));
        progress('keeping the rows');
        await using kept = await takeSnapshot(database.address, reach);
        progress('running it');
        const measured = await applyAlone({
          address: database.address,
          migration,
          schemaBefore: async () => {
            await using copy = await server.create({ template });
            await using session = await openSession(copy.address, 'mettle structure');
            return await schemaOf(session.client);
          },
          signal,
          ...settingsOf(request),
        });
        progress('comparing the rows');
        const named = new Set(migration.up.statements.flatMap(({ relations }) => relations));
        const content = inBrief(await kept.compare(), named);
        if (measured.outcome === 'applied') undo.move();
        return { measured, content, after: measured.outcome === 'applied' ? database : undefined };
      }),
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
): Promise<WorkloadFacts | undefined> {
  const { next, rate_per_s, seed } = request;
  const release = next ?? (await madeUp(address, migration));
  if (release === undefined) return undefined;
  const given = signal === undefined ? {} : { signal };
  const stretches = next === undefined ? { stretches: BRIEFLY } : {};
  return await workOnly(release, {
    side: 'new',
    moment: 'after',
    address,
    rate_per_s,
    seed,
    ...stretches,
    ...given,
  });
}

/** All that is run on the way there and back; undefined where nobody knows what a program writes. */
async function reachOfTrip(
  { server, template, migration, request }: Trial,
  { content }: Partial<MigrationFacts>,
): Promise<Reach | undefined> {
  const { up, down } = migration;
  const texts = [up.text, down?.text ?? ''];
  const { next } = request;
  if (next !== undefined && next.kind !== 'sql') return undefined;
  if (next !== undefined) {
    return [...texts, ...next.statements.flatMap(({ steps }) => steps.map(({ text }) => text))];
  }
  const named = up.statements.flatMap(({ relations }) => relations);
  if (content?.tables.some(({ now }) => now !== undefined && named.includes(now)) === true) return texts;
  // The made-up release then writes to others.
  await using database = await server.create({ template });
  return [...texts, ...(await derivedTables(database.address, named))];
}

/** There and back, and there again. */
async function thereAndBack(
  trial: Trial,
  measuring: Measuring,
  measured: Partial<MigrationFacts>,
): Promise<Partial<MigrationFacts>> {
  const { server, template, migration, request } = trial;
  if (migration.down === undefined) return {};
  const round_trip = await measuring.part({
    part: 'round_trip',
    title: `${migration.name}: there and back`,
    deadline_s: DEADLINE_S.round_trip,
    act: async ({ signal, progress }) =>
      await keepingFew(await reachOfTrip(trial, measured), async (reach) => {
        await using database = await server.create({ template });
        let between: WorkloadFacts | undefined;
        const trips = await roundTrip({
          address: database.address,
          migration,
          write: async (address, stop) => {
            between = await write(trial, address, stop);
          },
          signal,
          progress,
          ...(reach === undefined ? {} : { reach }),
          ...settingsOf(request),
        });
        return { ...trips, ...(between === undefined ? {} : { between }) };
      }),
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

/** A migration that takes no longer alone, in ms, leaves the machine to others while a reader stands in its way. */
const LIGHT_MS = 200;
/** Statements about what all databases of a server have in common, or that do not tell what they do. */
const SHARED = /Role|Database|Table[Ss]pace|ReassignOwned|^DoStmt|^CallStmt/;

/** Whether it can be run on two databases of the server at the same time, without one run being felt by the other. */
function goesBeside({ up }: Migration, { alone: costs }: Partial<MigrationFacts>): boolean {
  if (costs?.outcome !== 'applied' || costs.duration_ms > LIGHT_MS) return false;
  return !up.statements.some(({ kind }) => SHARED.test(kind));
}

/** What is known of its locks: of some that were held between two looks nothing is, so it may have held any. */
function withToldLocks({ alone: costs, ...others }: Partial<MigrationFacts>): Partial<MigrationFacts> {
  const is_told = costs !== undefined && !costs.statements.some(({ locks_sampled }) => locks_sampled);
  return is_told ? { ...others, alone: costs } : others;
}

/** All runs in which a release works. What is judged by the clock has the server for itself. */
async function withReleases(
  trial: Trial,
  measuring: Measuring,
  measured: Partial<MigrationFacts>,
): Promise<readonly Partial<MigrationFacts>[]> {
  const freely = async (): Promise<Freely | undefined> =>
    await freelyAtWork(trial, measuring, withToldLocks(measured));
  const behind = async (run: Freely | undefined): Promise<Partial<MigrationFacts>> => ({
    ...(run === undefined ? {} : { under_load: run.under_load }),
    ...(await behindReader(trial, measuring, { measured: withToldLocks(measured), old: run?.old })),
  });
  const others = async (): Promise<readonly Partial<MigrationFacts>[]> =>
    await Promise.all([newBefore(trial, measuring), thereAndBack(trial, measuring, measured)]);
  if (!goesBeside(trial.migration, measured)) return [await behind(await freely()), ...(await others())];
  // Of a made-up release only waits are told, of which a light migration has none that others could lengthen much.
  if (!countsErrors(trial.request)) return (await Promise.all([freely().then(behind), others()])).flat();
  const run = await freely();
  return (await Promise.all([behind(run), others()])).flat();
}

/** Runs one migration alone on a copy of the state before it; the rest is measured when it is asked for. */
export async function beginMigration(trial: Trial): Promise<Begun> {
  const measuring = new Measuring(trial.phases, trial.signal);
  const { after, ...measured } = await alone(trial, measuring);
  const choice = await sizesFor(trial, measured.alone);
  return {
    after,
    refusal: measured.alone?.refusal,
    leaves_room:
      bearsCompany(trial.request, choice?.kind === 'measure') && goesBeside(trial.migration, measured),
    finish: () => finishMigration(trial, measuring, { measured, choice }),
  };
}

/** Measures what is left of one migration on copies of the state before it. */
async function finishMigration(
  trial: Trial,
  measuring: Measuring,
  { measured, choice }: { readonly measured: Partial<MigrationFacts>; readonly choice: Choice | undefined },
): Promise<MigrationFacts> {
  const { migration } = trial;
  const at_work: Partial<MigrationFacts> = Object.assign(
    {},
    ...(await withReleases(trial, measuring, measured)),
  );
  const sizes = await atSizes(trial, measuring, {
    choice,
    under_load: at_work.under_load,
    alone: measured.alone,
  });
  // Last, because the server crashes.
  const broken_off = await killed(trial, measuring);
  return {
    name: migration.name,
    tool: migration.tool,
    up: redactSql(migration.up.text),
    ...(migration.down === undefined ? {} : { down: redactSql(migration.down.text) }),
    statements: migration.up.statements.map(statementFacts),
    ...(trial.tables === undefined ? {} : { tables: trial.tables }),
    ...measured,
    ...at_work,
    ...sizes,
    ...broken_off,
    ...measuring.missing,
  };
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
