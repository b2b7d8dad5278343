import { METRIC_LIES } from '#harness/core/metric-lies.ts';
import { contractRule } from '../contract-rule.ts';
import { lieSpans, meanwhile } from './lie-spans.ts';

/** What a check with a lower limit makes of an infinite value; what it makes of two series is told beside it. */
export const f5 = contractRule('F5', (facts) => {
  facts.requireObserver('kubernetes');
  const spans = lieSpans(facts, [METRIC_LIES.infinite]);
  const of = (name: string) =>
    spans.filter((span) => span.name === name).map((span) => ({ span, ...meanwhile(facts, span) }));
  const infinite = of(METRIC_LIES.infinite);
  const two = of(METRIC_LIES.two_series);
  const passed = infinite.some(({ advanced }) => advanced);
  const failed = infinite.reduce((sum, one) => sum + one.failed, 0);
  const beside =
    two.length === 0
      ? ''
      : `; of two series it ${two.some(({ advanced }) => advanced) ? 'advanced by the last' : 'failed'}`;
  return {
    outcome: !passed && failed > 0 ? 'pass' : 'fail',
    reason: `${passed ? 'it advanced on +Inf' : `${failed} checks failed on +Inf`}${beside}`,
    limit: 'a failed check, no advance',
    measured: `${failed} failed checks`,
    evidence: [...infinite, ...two].flatMap(({ span, events }) => [
      span.seq,
      ...events.map(({ seq }) => seq),
    ]),
  };
});
