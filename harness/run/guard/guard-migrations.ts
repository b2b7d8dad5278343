/** A run of the migration guard, from nothing to its facts; everything that it makes is given back, whatever ends it. */
import {
  type DataFacts,
  type GuardFacts,
  type LintFacts,
  type MigrationFacts,
} from '#harness/core/guard/facts.ts';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { LeftOut } from '#harness/core/guard/facts.ts';
import { lintMigrations } from '#harness/database/lint/squawk.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { ScratchDatabase, ScratchServer } from '#harness/database/server/types.ts';
import { GeneratorThread } from '#harness/database/workload/generator-thread.ts';
import type { Phases } from '../phases.ts';
import { within } from './deadline.ts';
import { bringData, openServer } from './ground.ts';
import { beginMigration, untried } from './migration.ts';
import { onlyPending } from './pending.ts';
import { type GuardRequest, isLeftOut } from './request.ts';
import { States } from './states.ts';
import type { Begun } from './trial.ts';

const DEADLINE_S = { server: 120, data: 1800, lint: 120 } as const;

export interface GuardContext {
  readonly phases: Phases;
  readonly signal: AbortSignal;
  /** One that runs already and is used for many runs; one of its own when absent. */
  readonly server?: ScratchServer;
}

/** An UnfitError of the linter costs its opinion, not the run. */
async function lint(
  request: GuardRequest,
  server: ScratchServer,
  { phases, signal }: GuardContext,
): Promise<{ readonly lint?: LintFacts; readonly left_out: readonly LeftOut[] }> {
  const { left_out } = request;
  if (isLeftOut(request, 'lint')) return { left_out };
  try {
    const facts = await phases.phase('linter', 'guard-lint', (progress) =>
      within({ awaited: 'the linter', deadline_s: DEADLINE_S.lint, signal, progress }, (doing) =>
        lintMigrations(request.judged, { pg_version: server.version, signal: doing.signal }),
      ),
    );
    return { lint: facts, left_out };
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    return { left_out: [...left_out, { part: 'lint', why: messageOf(error) }] };
  }
}

/**
 * Measures what the migrations of a request do, each on the state that the ones before it left. Nothing but its own server is
 * written to.
 * @throws UsageError for bad input, UnfitError for what the machine or a database lacks, InterruptedError when it was stopped
 */
export async function guardMigrations(request: GuardRequest, context: GuardContext): Promise<GuardFacts> {
  const { phases, signal } = context;
  const started_at = Date.now();
  prepareWorkloads(request);
  await using undo = new AsyncDisposableStack();
  const server =
    context.server ??
    undo.use(
      await phases.phase('server', 'guard-server', (progress) =>
        within({ awaited: 'the server', deadline_s: DEADLINE_S.server, signal, progress }, (doing) =>
          openServer(request, doing),
        ),
      ),
    );
  const { template, facts: data } = await phases.phase(
    'data',
    `guard-data-${request.data.source}`,
    (progress) =>
      within({ awaited: 'the data', deadline_s: DEADLINE_S.data, signal, progress }, (doing) =>
        bringData(server, request, doing),
      ),
  );
  const pending = await onlyPending(request, template);
  const linted = await lint(pending, server, context);
  const migrations = await tryAll(pending, server, template, context);
  const { version, version_num, engine } = server;
  return factsOf({ started_at, server: { engine, version, version_num }, data, migrations, ...linted });
}

/** Threads are loaded while the server starts: one for each release that works at the same time. */
function prepareWorkloads({ old, next, made_up, judged }: GuardRequest): void {
  const works = made_up || judged.some(({ down }) => down !== undefined);
  const named = [old, next].filter((release) => release !== undefined).length;
  GeneratorThread.prepare(Math.max(named, works ? 1 : 0));
}

async function tryAll(
  request: GuardRequest,
  server: ScratchServer,
  first: ScratchDatabase,
  { phases, signal }: GuardContext,
): Promise<readonly MigrationFacts[]> {
  const found: MigrationFacts[] = [];
  const states = new States(server, first, request);
  let broken: string | undefined;
  try {
    for (const migration of request.judged) {
      if (broken !== undefined) {
        found.push(untried(migration, broken));
        continue;
      }
      const { current: template, tables } = states;
      const trial = { server, template, migration, request, phases, signal };
      const begun = await beginMigration(tables === undefined ? trial : { ...trial, tables });
      const rest = begun.finish();
      const next = async (): Promise<Next> =>
        migration === request.judged.at(-1)
          ? await givenBack(begun)
          : await goOn(begun, { states, migration, phases, signal, unused: rest });
      const { is_there, emptied } = await beside(rest, next, begun.leaves_room).catch(
        async (error: unknown) => {
          await begun.after?.[Symbol.asyncDispose]();
          throw error;
        },
      );
      const facts = await rest;
      found.push(emptied === undefined ? facts : { ...facts, emptied });
      if (!is_there) broken = `${migration.name} before it was not applied`;
    }
  } finally {
    await states[Symbol.asyncDispose]();
  }
  return found;
}

/** What comes after a migration. */
interface Next {
  /** There is a state for the one after it. */
  readonly is_there: boolean;
  readonly emptied?: readonly string[];
}

/** Both, one after the other unless there is room; nothing goes on any more when one of them has failed. */
async function beside<Result>(
  first: Promise<unknown>,
  second: () => Promise<Result>,
  has_room: boolean,
): Promise<Result> {
  if (!has_room) {
    await first;
    return await second();
  }
  const [ended, result] = await Promise.allSettled([first, second()]);
  if (ended.status === 'rejected') throw ended.reason;
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** The last state is nobody's. */
async function givenBack({ after }: Begun): Promise<Next> {
  await after?.[Symbol.asyncDispose]();
  return { is_there: after !== undefined };
}

/**
 * Goes on to the state after a migration. Where rows that are made up stood in its way, that is the state that it leaves without
 * them, so that those after it are judged.
 */
async function goOn(
  { after, refusal }: Begun,
  { states, migration, phases, signal, unused }: GoingOn,
): Promise<Next> {
  const past = after === undefined && refusal ? await states.past(migration, refusal) : undefined;
  const state = after ?? past?.after;
  if (state === undefined) return { is_there: false };
  await phases.phase('the state after it', 'guard-state', (progress) =>
    within({ awaited: 'the state after it', deadline_s: DEADLINE_S.data, signal, progress }, (doing) =>
      states.goOn(state, doing, unused),
    ),
  );
  return past === undefined ? { is_there: true } : { is_there: true, emptied: past.emptied };
}

interface GoingOn extends Pick<GuardContext, 'phases' | 'signal'> {
  readonly states: States;
  readonly migration: Migration;
  readonly unused: Promise<unknown>;
}

function factsOf(found: {
  readonly started_at: number;
  readonly server: GuardFacts['server'];
  readonly data: DataFacts;
  readonly migrations: readonly MigrationFacts[];
  readonly lint?: LintFacts;
  readonly left_out: readonly LeftOut[];
}): GuardFacts {
  const { left_out, ...rest } = found;
  return {
    format: 'mettle-guard/1',
    ended_at: Date.now(),
    ...rest,
    ...(left_out.length === 0 ? {} : { left_out }),
  };
}
