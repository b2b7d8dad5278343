/** The safer way beside what fails. */
import type { MigrationFacts } from '#harness/core/guard/facts.ts';
import type { CheckVerdict } from './verdict.ts';

/** The verdict with the safer way of the first statement that has one. */
export function saferFor(found: CheckVerdict, _migration: MigrationFacts): CheckVerdict {
  return found;
}
