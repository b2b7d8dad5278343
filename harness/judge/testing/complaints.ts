import type { Verdict } from '#harness/core/verdict.ts';

/** The rules of a verdict that did not pass, as `rule: outcome`. */
export function complaintsOf({ rules }: Pick<Verdict, 'rules'>): string[] {
  return rules.filter(({ outcome }) => outcome !== 'pass').map(({ rule, outcome }) => `${rule}: ${outcome}`);
}
