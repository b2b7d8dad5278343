import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { judgeGuard } from '../judge-guard.ts';
import type { CheckVerdict } from '../verdict.ts';

/** What one check says of the facts. */
export function found(facts: GuardFacts, check: string): CheckVerdict {
  const one = judgeGuard(facts).checks.find((verdict) => verdict.check === check);
  if (one === undefined) throw new Error(`${check} was not judged`);
  return one;
}
