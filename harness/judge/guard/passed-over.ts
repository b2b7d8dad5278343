/** Parts that were left out of single migrations, by what was measured of them before. */
import type { GuardFacts, MigrationFacts } from '#harness/core/guard/facts.ts';
import type { Check } from './check.ts';
import type { NotJudged } from './verdict.ts';
import { counted } from './words.ts';

export function isPassedOver({ left_out = [] }: MigrationFacts, part: Check['part']): boolean {
  return part !== undefined && left_out.includes(part);
}

function whyOf({ not_measured = {} }: MigrationFacts, part: NonNullable<Check['part']>): string {
  return Object.entries(not_measured).find(([name]) => name === part)?.[1] ?? 'it was left out';
}

/** Checks that are not judged of some migrations; those with the same reason are told together. */
export function passedOver(facts: GuardFacts, checks: readonly Check[]): readonly NotJudged[] {
  const { migrations } = facts;
  return checks.flatMap(({ id, part }) => {
    if (part === undefined) return [];
    const over = migrations.filter((one) => isPassedOver(one, part));
    return [...Map.groupBy(over, (one) => whyOf(one, part))].map(([why, some]) => ({
      check: id,
      why: migrations.length === 1 ? why : `of ${counted(some.length, 'migration')}: ${why}`,
    }));
  });
}
