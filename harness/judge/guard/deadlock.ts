/** A deadlock in words: who against whom, and how it is avoided. */
import type { DeadlockFacts, DeadlockParty, UnderLoadFacts } from '#harness/core/guard/load-facts.ts';
import { list } from './words.ts';
import type { SaferWay } from './verdict.ts';

/** SQLSTATE of a statement that the server ended because sessions waited for each other. */
export const DEADLOCK_DETECTED = '40P01';

/** The one that somebody met: the migration, or a release. */
export function deadlockOf(load: UnderLoadFacts | undefined, victim: string): DeadlockFacts | undefined {
  return load?.deadlocks?.find((one) => one.victim === victim);
}

function wait({ who, wanted, relation, held_by }: DeadlockParty): string {
  return relation === undefined
    ? `${who} waited for ${held_by} to end a transaction that had written its row`
    : `${who} waited for ${wanted} on ${relation}, which ${held_by} had locked`;
}

/** As the end of a sentence. */
export function deadlockWords({ victim, parties }: DeadlockFacts): string {
  const each = [...new Set(parties.map(wait))];
  return each.length === 0
    ? `a deadlock (${DEADLOCK_DETECTED}): ${victim} and others waited for each other, and the server ended it`
    : `a deadlock (${DEADLOCK_DETECTED}): ${list(each)}; none could go on, and the server ended ${victim}`;
}

/** Whoever else waits for a relation has locked the one before it first: the migration had better do so too. */
export function saferThanDeadlock({ parties }: DeadlockFacts): SaferWay {
  const own = parties.filter(({ who }) => who === 'the migration');
  const others = parties.filter(({ who }) => who !== 'the migration');
  const order = [...new Set([...own, ...others].flatMap(({ relation }) => relation ?? []))];
  return {
    text: 'Change one table in each transaction, or lock all tables first in the order in which the release takes them; give up soon and run it again. A release should run a transaction again that ends in 40P01.',
    sql:
      order.length < 2
        ? ''
        : `BEGIN;\nSET LOCAL lock_timeout = '2s';\n-- In the order of the release.\n${order
            .map((relation) => `LOCK TABLE ${relation} IN ACCESS EXCLUSIVE MODE;`)
            .join('\n')}\n-- The statements of the migration.\nCOMMIT;\n`,
  };
}
