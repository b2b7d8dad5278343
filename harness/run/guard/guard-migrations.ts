/** A run of the migration guard, from nothing to its facts; everything that it makes is given back, whatever ends it. */
import { availableParallelism } from 'node:os';
import {
  type DataFacts,
  type GuardFacts,
  type LintFacts,
  type MigrationFacts,
} from '#harness/core/guard/facts.ts';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { LeftOut } from '#harness/core/guard/facts.ts';
import { lintMigrations } from '#harness/database/lint/squawk.ts';
import { lacksExtension, missingExtension } from '#harness/database/server/refusals.ts';
import type { ScratchServer, StartInCluster } from '#harness/database/server/types.ts';
import { GeneratorThread } from '#harness/database/workload/generator-thread.ts';
import type { Phases } from '../phases.ts';
import { within } from './deadline.ts';
import { bringData, openServer } from './ground.ts';
import { judgeSpan } from './lane.ts';
import { onlyPending } from './pending.ts';
import { type GuardRequest, isLeftOut } from './request.ts';
import { setTimeZone } from './time-zone.ts';
import { type Span, spansOf, wholeOf } from './spans.ts';

const DEADLINE_S = { server: 120, data: 1800, lint: 120 } as const;

export interface GuardContext {
  readonly phases: Phases;
  readonly signal: AbortSignal;
  /** One that runs already and is used for many runs; one of its own when absent. */
  readonly server?: ScratchServer;
  /** Absent where no cluster can be reached, as in the image of the guard. */
  readonly startInCluster?: StartInCluster | undefined;
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

/** What one lane brings. */
interface Judged {
  readonly server: GuardFacts['server'];
  readonly data: DataFacts;
  readonly migrations: readonly MigrationFacts[];
  readonly lint?: LintFacts;
  readonly left_out: readonly LeftOut[];
}

/** A lane: a server with the rows, and the migrations of a span judged on it. Files are linted once. */
async function judgeLane(request: GuardRequest, span: Span, context: GuardContext): Promise<Judged> {
  const { phases, signal } = context;
  await using undo = new AsyncDisposableStack();
  const server =
    context.server ??
    undo.use(
      await phases.phase('server', 'guard-server', (progress) =>
        within({ awaited: 'the server', deadline_s: DEADLINE_S.server, signal, progress }, (doing) =>
          openServer(request, doing, context.startInCluster),
        ),
      ),
    );
  const time_zone = await setTimeZone(server, request, { is_new: context.server === undefined, signal });
  const { template, facts: data } = await phases.phase(
    'data',
    `guard-data-${request.data.source}`,
    (progress) =>
      within({ awaited: 'the data', deadline_s: DEADLINE_S.data, signal, progress }, (doing) =>
        bringData(server, request, doing),
      ),
  );
  const pending = await onlyPending(request, template);
  const linted = span.from === 0 ? await lint(pending, server, context) : { left_out: [] };
  const own = pending === request ? span : { from: 0, until: pending.judged.length };
  const migrations = await judgeSpan(pending, own, { server, first: template, phases, signal });
  refuseLacking(migrations);
  const { version, version_num, engine } = server;
  return { server: { engine, version, version_num, time_zone }, data, migrations, ...linted };
}

/**
 * A server that lacks an extension says nothing about the migration that asks for it.
 * @throws UnfitError with the place of the statement
 */
function refuseLacking(migrations: readonly MigrationFacts[]): void {
  for (const { name, statements, alone } of migrations) {
    const { refusal } = alone ?? {};
    const extension = refusal === undefined ? undefined : missingExtension(refusal);
    if (extension === undefined) continue;
    const at = statements.find(({ index }) => index === refusal?.index)?.position;
    const place = at === undefined ? '' : `${at.file}:${at.line}:${at.column}: `;
    throw lacksExtension(`${place}the migration ${name}`, extension);
  }
}

/**
 * Measures what the migrations of a request do, each on the state that the ones before it left. Nothing but its own servers is
 * written to.
 * @throws UsageError for bad input, UnfitError for what the machine or a database lacks, InterruptedError when it was stopped
 */
export async function guardMigrations(request: GuardRequest, context: GuardContext): Promise<GuardFacts> {
  const started_at = Date.now();
  const spans = context.server === undefined ? spansOf(request, availableParallelism()) : [wholeOf(request)];
  prepareWorkloads(request, spans.length);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const lanes = spans.map(async (span) => {
    try {
      return await judgeLane(request, span, { ...context, signal });
    } catch (error) {
      // The first one stays the reason: what the others say is that they were called off.
      over.abort(error);
      throw error;
    }
  });
  const judged = (await Promise.allSettled(lanes)).flatMap((lane) =>
    lane.status === 'fulfilled' ? [lane.value] : [],
  );
  const [first] = judged;
  if (first === undefined || judged.length < spans.length) throw over.signal.reason;
  return factsOf({ started_at, ...first, migrations: judged.flatMap(({ migrations }) => migrations) });
}

/** Threads are loaded while the server starts: one for each release that works at the same time. */
function prepareWorkloads({ old, next, made_up, judged }: GuardRequest, lanes: number): void {
  const works = made_up || judged.some(({ down }) => down !== undefined);
  const named = [old, next].filter((release) => release !== undefined).length;
  GeneratorThread.prepare(lanes * Math.max(named, works ? 1 : 0));
}

function factsOf({ left_out, ...found }: Judged & { readonly started_at: number }): GuardFacts {
  return {
    format: 'mettle-guard/1',
    ended_at: Date.now(),
    ...found,
    ...(left_out.length === 0 ? {} : { left_out }),
  };
}
