/** How long readers and writers had to wait. */
import type { AloneFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import type {
  BlockedSummary,
  HeldLockFacts,
  StatementUnderLoad,
  UnderLoadFacts,
} from '#harness/core/guard/load-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { tablesBefore } from './attribution.ts';
import { type Check, type Found, holds, need, needPart, type Subject } from './check.ts';
import { LOCK_NOT_AVAILABLE } from './data.ts';
import { blocksReaders, blocksWriters } from './lock-modes.ts';
import { tableOf } from './touched-tables.ts';
import { counted, ms, statementName } from './words.ts';
import type { Budgets, Severity } from './verdict.ts';

export type Waiting = 'readers' | 'writers';

/** Times the budget from which a wait is an outage. */
const CRITICAL_FACTOR = 10;
/** What clients may be without an answer for beyond the waits that were seen, in ms, before it takes an explanation. */
const STALL_SLACK_MS = 250;

function severityOf(longest_ms: number, budget_ms: number): Severity {
  return longest_ms >= budget_ms * CRITICAL_FACTOR ? 'critical' : 'high';
}

/** The statement that made somebody wait the longest. */
function worstStatement(
  statements: readonly StatementUnderLoad[],
  who: Waiting,
): StatementUnderLoad | undefined {
  return statements.reduce<StatementUnderLoad | undefined>(
    (worst, one) => (one[who].longest_ms > (worst?.[who].longest_ms ?? 0) ? one : worst),
    undefined,
  );
}

function waitedFor({ blocked }: UnderLoadFacts, who: Waiting): string {
  const [longest] = blocked
    .filter(({ reader }) => reader === (who === 'readers'))
    .toSorted((left, right) => right.duration_ms - left.duration_ms);
  if (longest === undefined) return '';
  const { wanted, held, relation, queued_behind } = longest;
  return queued_behind
    ? `, for ${wanted} on ${relation} in the queue behind ${held} that it still waited for itself`
    : `, for ${wanted} on ${relation} while it held ${held}`;
}

function asSeen(summary: BlockedSummary): string {
  return `${counted(summary.sessions, 'session')} waited ${ms(summary.total_ms)} in all; clients were without a good answer for ${ms(summary.stall_ms)} at most`;
}

/** Judges the waits of one run under load against a budget. */
function judgeWaits(
  load: UnderLoadFacts,
  {
    who,
    budget_ms,
    rests_on,
  }: { readonly who: Waiting; readonly budget_ms: number; readonly rests_on: string },
): Found {
  const summary = load[who];
  const { longest_ms, stall_ms } = summary;
  const limit = `<= ${ms(budget_ms)}`;
  const measured = ms(longest_ms);
  const derivation = `${rests_on}; ${asSeen(summary)}`;
  const worst = worstStatement(load.statements, who);
  const statements = worst === undefined ? [] : [worst.index];
  const by = worst === undefined ? '' : ` by ${statementName(worst.index)}`;
  if (longest_ms > budget_ms) {
    return {
      outcome: 'fail',
      severity: severityOf(longest_ms, budget_ms),
      reason: `${who} were blocked for up to ${ms(longest_ms)}${by}${waitedFor(load, who)}`,
      limit,
      measured,
      derivation,
      statements,
    };
  }
  if (stall_ms > Math.max(budget_ms, longest_ms + STALL_SLACK_MS)) {
    throw new MissingEvidence(
      `clients of ${who} had no good answer for ${ms(stall_ms)}, but the locks explain only ${ms(longest_ms)} of it`,
    );
  }
  const reason =
    longest_ms === 0
      ? `no ${who.slice(0, -1)} had to wait for a lock`
      : `${who} waited ${ms(longest_ms)} at most${by}`;
  return holds(reason, limit, { measured, derivation, statements });
}

/** Time for which locks were held, alone, that stop the readers or writers of a table. */
function heldAlone(
  { statements }: AloneFacts,
  who: Waiting,
): {
  readonly held_ms: number;
  readonly table: string;
  readonly indexes: readonly number[];
} {
  const stops = who === 'readers' ? blocksReaders : blocksWriters;
  const tables = new Set(statements.flatMap(({ locks }) => Object.keys(locks)));
  const held = [...tables].map((table) => {
    const holding = statements.filter(({ locks }) => stops(locks[table] ?? ''));
    return {
      table,
      held_ms: holding.reduce((sum, { duration_ms }) => sum + duration_ms, 0),
      indexes: holding
        .toSorted((left, right) => right.duration_ms - left.duration_ms)
        .slice(0, 1)
        .map(({ index }) => index),
    };
  });
  return held.reduce((worst, one) => (one.held_ms > worst.held_ms ? one : worst), {
    held_ms: 0,
    table: '',
    indexes: [],
  });
}

/** Nobody worked meanwhile: whoever had come would have waited for as long as the lock was held. */
function judgeHeld(alone: AloneFacts, who: Waiting, budget_ms: number): Found {
  const { held_ms, table, indexes } = heldAlone(alone, who);
  const limit = `<= ${ms(budget_ms)}`;
  const derivation = `no release was at work; time for which a lock that stops ${who} was held, alone`;
  if (held_ms > budget_ms) {
    return {
      outcome: 'fail',
      severity: severityOf(held_ms, budget_ms),
      reason: `${who} of ${table} would be blocked for ${ms(held_ms)}: so long a lock was held that stops them`,
      limit,
      measured: ms(held_ms),
      derivation,
      statements: indexes,
    };
  }
  const reason =
    held_ms === 0
      ? `it holds no lock that stops ${who} of a table that was there`
      : `a lock that stops ${who} of ${table} was held for ${ms(held_ms)}`;
  return holds(reason, limit, { measured: ms(held_ms), derivation, statements: indexes });
}

/** The longest lock that stops them, of a table that nobody at work was seen to use. */
function heldUnseen(
  { facts, migration }: Subject,
  { held = [] }: UnderLoadFacts,
  who: Waiting,
): (HeldLockFacts & { readonly table: string }) | undefined {
  const tables = tablesBefore(facts, migration);
  const locks = held.flatMap((lock) => {
    const table = tableOf(tables, lock.relation)?.table;
    return table === undefined ? [] : [{ ...lock, table }];
  });
  const used = new Set(locks.filter(({ is_awaited }) => is_awaited).map(({ table }) => table));
  const [longest] = locks
    .filter(({ table, stops_readers }) => stops_readers === (who === 'readers') && !used.has(table))
    .toSorted((left, right) => right.duration_ms - left.duration_ms);
  return longest;
}

/** That nobody waited for a table that nobody used says nothing: whoever does waits for as long as the lock is held. */
function judgeUnseen(
  subject: Subject,
  load: UnderLoadFacts,
  who: Waiting,
  budget_ms: number,
): Found | undefined {
  const lock = heldUnseen(subject, load, who);
  if (lock === undefined || lock.duration_ms <= budget_ms) return undefined;
  const { table, mode, statement, duration_ms } = lock;
  return {
    outcome: 'fail',
    severity: severityOf(duration_ms, budget_ms),
    reason: `${mode} on ${table}, taken by ${statementName(statement)}, was held for ${ms(duration_ms)}: no statement of the release touched the table meanwhile, and ${who} who do would have waited so long`,
    limit: `<= ${ms(budget_ms)}`,
    measured: ms(duration_ms),
    derivation: `with the releases at work; time for which a lock that stops ${who} was held`,
    statements: [statement],
  };
}

function judge(subject: Subject, who: Waiting, budget_ms: number): Found {
  const { migration } = subject;
  const { under_load } = migration;
  if (under_load === undefined) {
    const measured = needPart(migration, 'alone', 'it was never run on the data');
    if (measured.outcome === 'refused')
      throw new MissingEvidence('the server refused it before it was through');
    return judgeHeld(measured, who, budget_ms);
  }
  const found = judgeWaits(under_load, { who, budget_ms, rests_on: 'with the releases at work' });
  if (under_load.outcome === 'refused' && found.outcome === 'pass') {
    throw new MissingEvidence('under load the server refused it before it was through');
  }
  return found.outcome === 'pass' ? (judgeUnseen(subject, under_load, who, budget_ms) ?? found) : found;
}

export const readersBlocked: Check = {
  id: 'readers-blocked',
  grounds: ['data-present', 'workload-ran', 'sampled'],
  find: (subject) => judge(subject, 'readers', subject.budgets.readers_ms),
};

export const writersBlocked: Check = {
  id: 'writers-blocked',
  grounds: ['data-present', 'workload-ran', 'sampled'],
  find: (subject) => judge(subject, 'writers', subject.budgets.writers_ms),
};

/** Whether it was seen alone to take no lock for which it would have to wait for a reader. */
function neverQueues({ alone, statements }: MigrationFacts): boolean {
  if (alone?.outcome !== 'applied') return false;
  const locks = alone.statements.flatMap((cost) => Object.values(cost.locks));
  return (
    !locks.some(blocksReaders) &&
    statements.every(({ index }) => alone.statements.some((cost) => cost.index === index))
  );
}

/** Whether it waits for as long as the reader stays, and everybody behind it, or gives up before. */
function judgeQueue(load: UnderLoadFacts, held_ms: number, budgets: Budgets): Found {
  const { readers, writers, refusal, statements } = load;
  const borne_ms = budgets.queue_ms ?? Math.min(budgets.readers_ms, budgets.writers_ms);
  const who = readers.longest_ms >= writers.longest_ms ? 'readers' : 'writers';
  const { longest_ms } = load[who];
  const worst = worstStatement(statements, who);
  const figures = {
    limit: budgets.queue_ms === undefined ? `<= ${ms(borne_ms)}, or remarked` : `<= ${ms(borne_ms)}`,
    measured: ms(longest_ms),
    derivation: `behind a reader that stayed open for ${ms(held_ms)}; ${asSeen(load[who])}`,
    statements: worst === undefined ? [] : [worst.index],
  };
  if (longest_ms > borne_ms) {
    const bound = refusal === undefined ? 'for as long as the reader stays' : 'until it gives up';
    const found = {
      ...figures,
      reason: `everybody queues behind it ${bound}: ${who} for ${ms(longest_ms)}${waitedFor(load, who)}`,
    };
    return budgets.queue_ms === undefined
      ? { ...found, outcome: 'pass', severity: 'low' }
      : { ...found, outcome: 'fail', severity: severityOf(longest_ms, borne_ms) };
  }
  if (held_ms <= borne_ms) {
    throw new MissingEvidence(
      `the reader stayed open for only ${ms(held_ms)}: no queue behind it could be longer than is borne`,
    );
  }
  return holds(
    refusal === undefined
      ? `nobody waited longer than ${ms(longest_ms)} behind it and the reader`
      : `it gave up in time (${LOCK_NOT_AVAILABLE}): nobody waited longer than ${ms(longest_ms)}`,
    figures.limit,
    figures,
  );
}

/** Behind a transaction that had read the tables and stayed open. */
export const lockQueue: Check = {
  id: 'lock-queue',
  part: 'behind-reader',
  grounds: ['workload-ran', 'sampled'],
  find: ({ migration, budgets }) => {
    if (migration.behind_reader === undefined && neverQueues(migration)) {
      return holds('it asks for no lock that a reader stands in the way of', 'no such lock', {
        measured: 'none',
        derivation: 'locks that it held, alone',
      });
    }
    const load = needPart(migration, 'behind_reader', 'it was never run behind an open reader');
    const held_ms = need(load.reader_held_ms, 'it is not known for how long the reader stayed open');
    if (load.refusal !== undefined && load.refusal.code !== LOCK_NOT_AVAILABLE) {
      throw new MissingEvidence(
        `behind the reader it was refused: ${load.refusal.code} ${load.refusal.message}`,
      );
    }
    return judgeQueue(load, held_ms, budgets);
  },
};
