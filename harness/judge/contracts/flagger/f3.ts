import { METRIC_LIES } from '#harness/core/metric-lies.ts';
import { contractRule } from '../contract-rule.ts';
import { lieSpans, meanwhile } from './lie-spans.ts';

const NO_VALUE: readonly string[] = [METRIC_LIES.nan, METRIC_LIES.empty];

/** While there is no value each look counts as one failed check and nothing advances; with values it goes on. */
export const f3 = contractRule('F3', (facts) => {
  facts.requireObserver('kubernetes');
  const spans = lieSpans(facts, [...NO_VALUE, METRIC_LIES.truth]);
  const blind = spans
    .filter(({ name }) => NO_VALUE.includes(name))
    .map((span) => ({ span, ...meanwhile(facts, span) }));
  const seen = spans.filter(({ name }) => name === METRIC_LIES.truth).map((span) => meanwhile(facts, span));
  const wrong = blind.flatMap(({ span, failed, advanced, events }) => {
    const said = events.filter(({ data }) => data.message.startsWith('Halt advancement no values found'));
    if (advanced) return [`it advanced while ${span.name}`];
    if (failed === 0) return [`no check failed while ${span.name}`];
    return said.length === 0 ? [`it failed for another reason while ${span.name}`] : [];
  });
  const resumed = seen.some(({ advanced }) => advanced);
  const failed = blind.reduce((sum, one) => sum + one.failed, 0);
  return {
    outcome: wrong.length === 0 && resumed ? 'pass' : 'fail',
    reason:
      wrong.length > 0
        ? wrong.join('; ')
        : `${failed} failed checks without a value and no advance; ${resumed ? 'it went on with the first value' : 'it did not go on with values either'}`,
    limit: 'a failed check for each look without a value, no advance',
    measured: `${failed} failed checks in ${blind.length} spans`,
    evidence: blind.flatMap(({ span, events }) => [span.seq, ...events.map(({ seq }) => seq)]),
  };
});
