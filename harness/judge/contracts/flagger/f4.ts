import { METRIC_LIES } from '#harness/core/metric-lies.ts';
import { exposureBudget } from '../../budgets.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { lieSpans, meanwhile } from './lie-spans.ts';

const UNREACHABLE: readonly string[] = [METRIC_LIES.slow, METRIC_LIES.cut, METRIC_LIES.refused];

/** From the first question that got no answer to phase Failed, with one failed check an interval and no advance. */
export const f4 = contractRule('F4', (facts) => {
  const { threshold } = facts.flagger;
  facts.requireObserver('kubernetes');
  const spans = lieSpans(facts, UNREACHABLE).filter(({ name }) => UNREACHABLE.includes(name));
  const from = Math.min(...spans.map((span) => span.from));
  const whole = meanwhile(facts, { from, to: facts.load_end });
  const each = spans.map((span) => ({ name: span.name, ...meanwhile(facts, span) }));
  const failed = facts.endState('rollback');
  const said = whole.events.filter(({ data }) => /query failed/i.test(data.message));
  const budget = exposureBudget(facts.spec);
  const unnoticed = each.filter((one) => one.failed === 0).map(({ name }) => name);
  const took_s = failed ? (failed.at - from) / 1000 : Number.POSITIVE_INFINITY;
  const broken = [
    ...(whole.advanced ? ['it advanced'] : []),
    ...(failed ? [] : ['it was never rolled back']),
    ...(failed && took_s > budget.seconds ? [`the rollback took ${took_s.toFixed(1)} s`] : []),
    ...unnoticed.map((name) => `no check failed while ${name}`),
    ...(whole.failed === threshold ? [] : [`${whole.failed} checks failed, not ${threshold}`]),
  ];
  return {
    outcome: broken.length === 0 ? 'pass' : 'fail',
    reason:
      broken.length === 0
        ? `${whole.failed} failed checks, and Failed ${took_s.toFixed(1)} s after the first question without an answer`
        : broken.join('; '),
    limit: `${threshold} failed checks, Failed ${atMost(budget.seconds, 's')}, no advance`,
    measured: `${whole.failed} failed checks, ${took_s.toFixed(1)} s`,
    derivation: budget.derivation,
    evidence: [
      ...spans.map(({ seq }) => seq),
      ...said.map(({ seq }) => seq),
      ...(failed ? [failed.seq] : []),
    ],
  };
});
