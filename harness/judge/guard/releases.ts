/** What the old and the new release met. */
import type { CheckId } from '#harness/core/guard/catalogue/ids.ts';
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import type { Moment, ReleaseSide, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type Check, type Found, holds, need, needPart, type Subject } from './check.ts';
import { DEADLOCK_DETECTED, deadlockOf, deadlockWords, saferThanDeadlock } from './deadlock.ts';
import { counted, list, share } from './words.ts';

/** Share of failed statements from which it is an outage. */
const CRITICAL_SHARE = 0.01;
const LIMIT = '0 failed statements';
const LIMIT_ALIKE = '0 failed statements, but of such as fail on the database as it was';

function stretch(
  { under_load }: MigrationFacts,
  side: ReleaseSide,
  moment: Moment,
): WorkloadFacts | undefined {
  return under_load?.workloads.find((one) => one.side === side && one.moment === moment);
}

function notSeen({ not_measured }: MigrationFacts, what: string): string {
  const why = not_measured?.under_load;
  return why === undefined ? what : `${what}: ${why}`;
}

function measuredOf({ failed, begun }: WorkloadFacts): string {
  return `${failed.toLocaleString('en-GB')} of ${counted(begun, 'statement')} failed`;
}

function errorLines({ errors, by_statement }: WorkloadFacts): readonly string[] {
  return [
    ...errors.map(({ code, message, count }) => `${code} ${message} (${counted(count, 'time')})`),
    ...by_statement
      .filter(({ failed }) => failed > 0)
      .map(({ name, failed, begun }) => `${name}: ${failed} of ${begun} failed`),
  ];
}

/** Statements that name a relation of which the errors speak; all where none does. */
function blamed(migration: MigrationFacts, { errors }: WorkloadFacts): readonly number[] {
  const named = migration.statements.filter(({ relations }) =>
    relations.some((relation) =>
      errors.some(({ message }) => message.includes(relation.slice(relation.lastIndexOf('.') + 1))),
    ),
  );
  const [only] = migration.statements;
  if (named.length > 0) return named.map(({ index }) => index);
  return migration.statements.length === 1 && only !== undefined ? [only.index] : [];
}

/** Nothing is known of a statement that was never sent. @throws MissingEvidence with their names */
function needAllSent({ side, by_statement }: WorkloadFacts, when: string): void {
  const unsent = by_statement.filter(({ begun }) => begun === 0).map(({ name }) => name);
  if (unsent.length === 0) return;
  throw new MissingEvidence(
    `${counted(unsent.length, 'statement')} of the ${side} release ${unsent.length === 1 ? 'was' : 'were'} never sent ${when}: ${list(unsent)}`,
  );
}

function judgeStretch(migration: MigrationFacts, met: WorkloadFacts, when: string): Found {
  const { side, failed, begun, good, errors } = met;
  const measured = measuredOf(met);
  if (failed > 0) {
    const [first] = errors;
    const deadlock =
      first?.code === DEADLOCK_DETECTED ? deadlockOf(migration.under_load, `the ${side} release`) : undefined;
    const said =
      deadlock !== undefined
        ? `: ${deadlockWords(deadlock)}`
        : first === undefined
          ? ''
          : `: ${first.code} ${first.message}`;
    return {
      ...(deadlock === undefined ? {} : { safer: saferThanDeadlock(deadlock) }),
      outcome: 'fail',
      severity: failed >= begun * CRITICAL_SHARE ? 'critical' : 'high',
      reason: `${counted(failed, 'statement')} of the ${side} release failed ${when} (${share(failed, begun)})${said}`,
      limit: LIMIT,
      measured,
      statements: blamed(migration, met),
      items: errorLines(met),
    };
  }
  if (met.moment !== 'during') needAllSent(met, when);
  if (good === 0) {
    return holds(`the migration was over before the ${side} release had anything to ask`, LIMIT, {
      measured,
    });
  }
  return holds(
    `every one of ${counted(begun, 'statement')} of the ${side} release was answered ${when}`,
    LIMIT,
    {
      measured,
    },
  );
}

/** Statements that were answered before the migration and fail now; all where nothing failed before. */
function newlyFailing(before: WorkloadFacts | undefined, met: WorkloadFacts): boolean {
  if (before === undefined || before.failed === 0) return true;
  return met.by_statement.some(
    ({ name, failed }) =>
      failed > 0 && before.by_statement.some((one) => one.name === name && one.failed === 0 && one.begun > 0),
  );
}

/** @throws MissingEvidence where a release already failed in the same way on the database as it was */
function judgeAgainstBefore(migration: MigrationFacts, met: WorkloadFacts, when: string): Found {
  const before = met.side === 'old' ? stretch(migration, 'old', 'before') : undefined;
  if (met.failed > 0 && !newlyFailing(before, met)) {
    throw new MissingEvidence(`the ${met.side} release failed ${when} as it had failed before it`);
  }
  return judgeStretch(migration, met, when);
}

function released(id: CheckId, side: ReleaseSide, moment: 'during' | 'after'): Check {
  const when = moment === 'during' ? 'while it ran' : 'after it';
  return {
    id,
    part: side === 'old' ? 'old-release' : 'new-release',
    grounds: ['workload-ran'],
    find: ({ migration }) =>
      judgeAgainstBefore(
        migration,
        need(
          stretch(migration, side, moment),
          notSeen(migration, `the ${side} release was not seen at work ${when}`),
        ),
        when,
      ),
  };
}

export const oldReleaseDuring = released('old-release-during', 'old', 'during');
export const oldReleaseAfter = released('old-release-after', 'old', 'after');
export const newReleaseAfter = released('new-release-after', 'new', 'after');

/** Statements that failed, by name. */
function failingIn({ by_statement }: WorkloadFacts): ReadonlySet<string> {
  return new Set(by_statement.filter(({ failed }) => failed > 0).map(({ name }) => name));
}

/**
 * The new release while the migration runs. What fails on the database as it was fails for as long as the migration is not
 * through, and only says that the migration goes first; what fails at no other time is broken by what it passes through.
 */
export const newReleaseDuring: Check = {
  id: 'new-release-during',
  part: 'new-release',
  grounds: ['workload-ran'],
  find: ({ migration }) => {
    const when = 'while it ran';
    const met = need(
      stretch(migration, 'new', 'during'),
      notSeen(
        migration,
        migration.under_load?.new_during_missing ?? `the new release was not seen at work ${when}`,
      ),
    );
    if (met.failed === 0) return judgeStretch(migration, met, when);
    const before = needPart(
      migration,
      'new_before',
      `${counted(met.failed, 'statement')} of the new release failed ${when}, and it was not tried on the database as it was`,
    );
    const known = failingIn(before);
    const only_then = met.by_statement.filter(({ name, failed }) => failed > 0 && !known.has(name));
    if (only_then.length === 0) {
      return {
        ...holds(
          `${counted(met.failed, 'statement')} of the new release failed ${when}, all of such as fail on the database as it was: migrate first, then release`,
          LIMIT_ALIKE,
          { measured: measuredOf(met), items: errorLines(met) },
        ),
        severity: 'low',
      };
    }
    return {
      ...judgeStretch(migration, met, when),
      reason: `${list(only_then.map(({ name }) => name))} of the new release failed ${when}, and not before it`,
      limit: LIMIT_ALIKE,
    };
  },
};

/**
 * The new release on the database as it was. That it fails there is usual, and only says that the migration goes first;
 * where the old one fails afterwards too, there is no order in which nobody fails.
 */
export const newReleaseBefore: Check = {
  id: 'new-release-before',
  part: 'new-release',
  grounds: ['workload-ran'],
  find: ({ migration, facts }: Subject) => {
    const before = needPart(
      migration,
      'new_before',
      'the new release was not tried on the database as it was',
    );
    const limit = 'an order of migration and release in which nobody fails';
    const measured = measuredOf(before);
    const after = stretch(migration, 'old', 'after');
    const old_left_out = facts.left_out?.some(({ part }) => part === 'old-release') ?? false;
    if (before.failed === 0) {
      needAllSent(before, 'before it');
      const first =
        after !== undefined && after.failed > 0 ? 'release first, then migrate' : 'either may go first';
      return holds(`the new release works on the database as it was: ${first}`, limit, { measured });
    }
    const items = errorLines(before);
    const met = `${counted(before.failed, 'statement')} of the new release failed before it`;
    if (old_left_out) {
      return { ...holds(`${met}: migrate first, then release`, limit, { measured, items }), severity: 'low' };
    }
    const old = need(after, `${met}, and the old release was not seen at work after it`);
    if (old.failed > 0) {
      return {
        outcome: 'fail',
        severity: 'critical',
        reason: `no order works: ${met}, and ${counted(old.failed, 'statement')} of the old one after it`,
        limit,
        measured,
        statements: blamed(migration, old),
        items: [...items, ...errorLines(old)],
      };
    }
    return {
      ...holds(`${met}, none of the old one after it: migrate first, then release`, limit, {
        measured,
        items,
      }),
      severity: 'low',
    };
  },
};
