/** What the data made of the migration, and what the migration left behind. */
import type { ContentFacts } from '#harness/core/guard/content-facts.ts';
import type { AloneFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import type { Refusal } from '#harness/core/guard/load-facts.ts';
import { redactText } from '#harness/core/redact.ts';
import { type Check, type Found, holds, need, needPart } from './check.ts';
import { deadlockOf, deadlockWords, saferThanDeadlock } from './deadlock.ts';
import { counted, list, ms, statementName } from './words.ts';

/** SQLSTATE of a lock that was not had within `lock_timeout`. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** Some answers quote what the statement says, such as how another server is reached. */
export function told({ index, code, message, detail }: Refusal): string {
  const answer = redactText(`${message}${detail === undefined ? '' : ` (${detail})`}`);
  return `the server refused ${statementName(index)}: ${code} ${answer}`;
}

/** Whether a refused run left the rows as they were. Undefined when nobody looked. */
function unharmed(content: ContentFacts | undefined): boolean | undefined {
  return content?.tables.every(
    ({ rows_lost, rows_added, columns }) =>
      rows_lost === 0 &&
      rows_added === 0 &&
      columns.every(({ changed, nulled, lost }) => changed + nulled + lost === 0),
  );
}

function refused({ content, emptied }: MigrationFacts, refusal: Refusal, { residue }: AloneFacts): Found {
  const safe = unharmed(content) === true && residue.length === 0;
  return {
    outcome: 'fail',
    severity: safe ? 'high' : 'critical',
    reason: `${told(refusal)}${safe ? '; it fails safe: nothing was lost or left behind' : ''}`,
    limit: 'every statement is applied',
    measured: `refused at ${statementName(refusal.index)}`,
    ...(emptied === undefined
      ? {}
      : {
          derivation: `rows were made up: those after it were judged on the state that it leaves once ${list(emptied)} ${emptied.length === 1 ? 'is' : 'are'} empty`,
        }),
    statements: [refusal.index],
  };
}

/** It runs on data of the real shape, alone and while the releases work. */
export const runsOnData: Check = {
  id: 'runs-on-data',
  grounds: ['data-present'],
  find: ({ migration }) => {
    const alone = needPart(migration, 'alone', 'it was never run on the data');
    const limit = 'every statement is applied';
    if (alone.outcome === 'refused') {
      const refusal = need(alone.refusal, 'it was refused, and nobody noted why');
      return refused(migration, refusal, alone);
    }
    const contended = migration.under_load?.refusal;
    if (migration.under_load?.outcome === 'refused' && contended !== undefined) {
      const timed_out = contended.code === LOCK_NOT_AVAILABLE;
      const deadlock = deadlockOf(migration.under_load, 'the migration');
      return {
        outcome: timed_out ? 'inconclusive' : 'fail',
        severity: timed_out ? 'none' : 'high',
        reason:
          deadlock === undefined
            ? `alone it is applied, but while the releases work ${told(contended)}`
            : `alone it is applied, but while the releases work ${statementName(contended.index)} ends in ${deadlockWords(deadlock)}`,
        ...(deadlock === undefined ? {} : { safer: saferThanDeadlock(deadlock) }),
        limit,
        measured: `refused at ${statementName(contended.index)} under load`,
        statements: [contended.index],
      };
    }
    return holds(`every statement was applied, in ${ms(alone.duration_ms)} in all`, limit, {
      measured: ms(alone.duration_ms),
    });
  },
};

/** A refused run leaves nothing half-made. */
export const residue: Check = {
  id: 'residue',
  grounds: [],
  find: ({ migration }) => {
    const alone = needPart(migration, 'alone', 'it was never run on the data');
    const limit = 'nothing is left behind';
    const found = alone.residue;
    if (found.length === 0) {
      return holds(
        alone.outcome === 'refused'
          ? 'the refused run left nothing behind'
          : 'nothing half-made was left behind',
        limit,
        { measured: '0 things' },
      );
    }
    return {
      outcome: 'fail',
      severity: 'high',
      reason: `${alone.outcome === 'refused' ? 'the refused run' : 'it'} left behind: ${list(found)}`,
      limit,
      measured: counted(found.length, 'thing'),
      statements: alone.refusal === undefined ? [] : [alone.refusal.index],
      items: found,
    };
  },
};
