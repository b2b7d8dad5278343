import type { Verdict } from '#harness/core/verdict.ts';
import { explainKnown } from '#reports/model/format.ts';

/** The verdict in one sentence: what became of a known break, the first rule that decided it, or that all held. */
export function summarise(verdict: Verdict): string {
  const known = explainKnown(verdict);
  if (known !== undefined) return known;
  const decisive = verdict.rules.find((rule) => rule.outcome === verdict.outcome);
  if (verdict.outcome === 'pass') return `all ${verdict.rules.length} rules held`;
  return decisive ? `${decisive.rule}: ${decisive.reason}` : 'nothing was judged';
}
