/** Whether a seeded defect was noticed, and by the rule that is meant for it. */
import type { Verdict } from './verdict.ts';

/** A defect that takes away what a rule judges by, so that all it can say is that evidence is missing. */
export interface TakesEvidence {
  /** What the reason must say is missing: a rule may lack its evidence for many a reason. */
  readonly says: RegExp;
  /** Why the rule cannot fail on this defect, for whoever reads the scenario. */
  readonly inconclusive_because: string;
}

/** What the reason of a rule that fails must say; or that the rule is inconclusive, and why that is right. */
export type HowCaught = RegExp | TakesEvidence;

/**
 * Whether the named rule noticed. It must fail: a rule that lacks its evidence, or whose finding stands on shaky ground, has
 * noticed nothing. Only where the scenario says that the defect takes the evidence itself away must it be inconclusive.
 */
export function isCaught(verdict: Verdict, rule: string, how: HowCaught = /./): boolean {
  const found = verdict.rules.find((one) => one.rule === rule);
  if (found === undefined || verdict.outcome === 'pass') return false;
  const [wanted, says] =
    how instanceof RegExp ? (['fail', how] as const) : (['inconclusive', how.says] as const);
  return found.outcome === wanted && says.test(found.reason);
}
