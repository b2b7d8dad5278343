/** A stretch of migrations, each on the state that the ones before it left. */
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { ScratchDatabase, ScratchServer } from '#harness/database/server/types.ts';
import type { Phases } from '../phases.ts';
import { within } from './deadline.ts';
import { beginMigration, untried } from './migration.ts';
import type { GuardRequest } from './request.ts';
import type { Span } from './spans.ts';
import { States } from './states.ts';
import type { Begun, Spent } from './trial.ts';

const STATE_S = 1800;

/** Where a stretch is judged. */
export interface Lane {
  readonly server: ScratchServer;
  /** With the state before the first migration of all; the lane gives it back. */
  readonly first: ScratchDatabase;
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** Judges the migrations of a span; those before it are run without a look. */
export async function judgeSpan(
  request: GuardRequest,
  { from, until }: Span,
  { server, first, phases, signal }: Lane,
): Promise<readonly MigrationFacts[]> {
  const found: MigrationFacts[] = [];
  const states = new States(server, first, request);
  const spent: Spent = { growth_ms: 0 };
  let broken: string | undefined;
  try {
    for (const [index, migration] of request.judged.slice(0, until).entries()) {
      if (broken !== undefined) {
        if (index >= from) found.push(untried(migration, broken));
        continue;
      }
      signal.throwIfAborted();
      if (index < from) {
        const passed = await states.pass(migration);
        const { is_there } = await goOn(passed, { states, migration, phases, signal });
        if (!is_there) broken = `${migration.name} before it was not applied`;
        continue;
      }
      const { current: template, tables } = states;
      const trial = { server, template, migration, request, phases, signal, spent };
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
  { after, refusal }: Pick<Begun, 'after' | 'refusal'>,
  { states, migration, phases, signal, unused = Promise.resolve() }: GoingOn,
): Promise<Next> {
  const past = after === undefined && refusal ? await states.past(migration, refusal) : undefined;
  const state = after ?? past?.after;
  if (state === undefined) return { is_there: false };
  await phases.phase('the state after it', 'guard-state', (progress) =>
    within({ awaited: 'the state after it', deadline_s: STATE_S, signal, progress }, (doing) =>
      states.goOn(state, doing, unused),
    ),
  );
  return past === undefined ? { is_there: true } : { is_there: true, emptied: past.emptied };
}

interface GoingOn extends Pick<Lane, 'phases' | 'signal'> {
  readonly states: States;
  readonly migration: Migration;
  /** Comes when the state before it is not needed any more. */
  readonly unused?: Promise<unknown>;
}
