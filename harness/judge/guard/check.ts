/** What every check of the guard is made of. */
import type { CheckId, GroundId } from '#harness/core/guard/catalogue/ids.ts';
import type { GuardFacts, GuardPart, MeasuredPart, MigrationFacts } from '#harness/core/guard/facts.ts';
import { messageOf } from '#harness/core/errors.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import type { Budgets, CheckVerdict, StatementRef } from './verdict.ts';

/** What a check looks at. */
export interface Subject {
  readonly facts: GuardFacts;
  readonly migration: MigrationFacts;
  readonly budgets: Budgets;
}

/** What a check found. */
export interface Found
  extends Pick<
    CheckVerdict,
    'outcome' | 'severity' | 'reason' | 'limit' | 'measured' | 'derivation' | 'items' | 'safer'
  > {
  /** Statements of the migration that it is about, by index. */
  readonly statements?: readonly number[];
}

export interface Check {
  readonly id: CheckId | GroundId;
  /** Left out of the run, the check is not judged. */
  readonly part?: GuardPart;
  /** Checks that must hold for this one to be a pass. */
  readonly grounds: readonly GroundId[];
  find(subject: Subject): Found;
}

/** A check that holds, with nothing to remark. */
export function holds(reason: string, limit: string, more: Partial<Found> = {}): Found {
  return { outcome: 'pass', severity: 'none', reason, limit, ...more };
}

/** The part of the facts, or the reason why the check is inconclusive. @throws MissingEvidence */
export function need<Part>(part: Part | undefined, missing: string): Part {
  if (part === undefined) throw new MissingEvidence(missing);
  return part;
}

/** A part of the facts of a migration. @throws MissingEvidence with the reason why it was not measured */
export function needPart<Part extends MeasuredPart>(
  migration: MigrationFacts,
  part: Part,
  missing: string,
): NonNullable<MigrationFacts[Part]> {
  const found = migration[part];
  if (found !== undefined) return found;
  const why = migration.not_measured?.[part];
  throw new MissingEvidence(why === undefined ? missing : `${missing}: ${why}`);
}

export function refOf(migration: MigrationFacts, index: number): StatementRef | undefined {
  const found = migration.statements.find((one) => one.index === index);
  return found && { index, position: found.position, text: found.text };
}

/** Applies a check: missing evidence, and any error inside of it, make it inconclusive. */
export function apply(check: Check, subject: Subject): CheckVerdict {
  const { migration } = subject;
  const base = { check: check.id, migration: migration.name };
  try {
    const { statements = [], ...found } = check.find(subject);
    const refs = statements.flatMap((index) => refOf(migration, index) ?? []);
    return { ...base, ...found, statements: refs };
  } catch (error) {
    const reason =
      error instanceof MissingEvidence
        ? error.message
        : `the check could not be applied: ${messageOf(error)}`;
    return {
      ...base,
      outcome: 'inconclusive',
      severity: 'none',
      reason,
      limit: 'evidence present',
      statements: [],
    };
  }
}
