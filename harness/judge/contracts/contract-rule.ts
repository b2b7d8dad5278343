import { contractOf } from '#harness/core/contracts/contracts.ts';
import type { Facts } from '../facts.ts';
import { type Finding, rule, type Rule } from '../rule.ts';

/** A rule that settles one contract: its id is the contract's, and so is its promise. */
export function contractRule(id: string, find: (facts: Facts) => Finding): Rule {
  return rule(id, contractOf(id).promise, find);
}
