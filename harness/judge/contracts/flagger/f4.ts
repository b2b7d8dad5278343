import { METRIC_LIES } from '#harness/core/metric-lies.ts';
import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { lieSpans, meanwhile } from './lie-spans.ts';

const UNREACHABLE: readonly string[] = [METRIC_LIES.slow, METRIC_LIES.cut, METRIC_LIES.refused];

/**
 * From the first question that got no answer to phase Failed, with one failed check an interval and no advance. Failed
 * checks of before count as well: Flagger never takes one back.
 */
export const f4 = contractRule('F4', (facts) => {
  const { threshold, interval_s } = facts.flagger;
  facts.requireObserver('kubernetes');
  const spans = lieSpans(facts, UNREACHABLE).filter(({ name }) => UNREACHABLE.includes(name));
  const from = Math.min(...spans.map((span) => span.from));
  const whole = meanwhile(facts, { from, to: facts.load_end });
  const each = spans.map((span) => ({ name: span.name, ...meanwhile(facts, span) }));
  const failed = facts.endState('rollback');
  const said = whole.events.filter(({ data }) => /query failed/i.test(data.message));
  const left = threshold - whole.failed_before;
  const budget_s = (left + 1) * interval_s + WITHDRAWAL_SLACK_S;
  const unnoticed = each.filter((one) => one.failed === 0).map(({ name }) => name);
  const took_s = failed ? (failed.at - from) / 1000 : Number.POSITIVE_INFINITY;
  const broken = [
    ...(whole.advanced ? ['it advanced'] : []),
    ...(failed ? [] : ['it was never rolled back']),
    ...(failed && took_s > budget_s ? [`the rollback took ${took_s.toFixed(1)} s`] : []),
    ...unnoticed.map((name) => `no check failed while ${name}`),
    ...(whole.failed === left ? [] : [`${whole.failed} checks failed, not ${left}`]),
  ];
  return {
    outcome: broken.length === 0 ? 'pass' : 'fail',
    reason:
      broken.length === 0
        ? `${whole.failed} failed checks, and Failed ${took_s.toFixed(1)} s after the first question without an answer`
        : broken.join('; '),
    limit: `${left} failed checks, Failed ${atMost(budget_s, 's')}, no advance`,
    measured: `${whole.failed} failed checks, ${took_s.toFixed(1)} s`,
    derivation: `(threshold ${threshold} - ${whole.failed_before} failed before + 1) x interval ${interval_s} s + ${WITHDRAWAL_SLACK_S} s`,
    evidence: [
      ...spans.map(({ seq }) => seq),
      ...said.map(({ seq }) => seq),
      ...(failed ? [failed.seq] : []),
    ],
  };
});
