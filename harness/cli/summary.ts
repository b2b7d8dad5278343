import type { Verdict } from '#harness/core/verdict.ts';

/** The verdict in one sentence: the first rule that decided it, or that all held. */
export function summarise(verdict: Verdict): string {
  const decisive = verdict.rules.find((rule) => rule.outcome === verdict.outcome);
  if (verdict.outcome === 'pass') return `all ${verdict.rules.length} rules held`;
  return decisive ? `${decisive.rule}: ${decisive.reason}` : 'nothing was judged';
}
