import type { Timeline } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
export function loadSelfCheck(timeline: Timeline): RuleVerdict {
  const seconds = timeline.of('load', 'second');
  const started = timeline.of('load', 'started')[0];
  const ended = timeline.of('load', 'ended')[0];
  const dropped = seconds.reduce((s, r) => s + r.data.dropped_iterations, 0);
  const ok = seconds.length > 0 && started && ended?.data.asked === true && dropped === 0;
  return {
    rule: 'load-self-check',
    promise: 'x',
    outcome: ok ? 'pass' : 'inconclusive',
    reason: `interim ${dropped}`,
    limit: 'x',
    evidence: [],
  };
}
