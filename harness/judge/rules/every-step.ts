import { ARGO_TICK_S } from '../budgets.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** A promotion goes through every declared weight, in order, and holds each for its time. */
export const everyStep = rule('every-step', 'the release goes through every step of the canary', (facts) => {
  const { steps } = facts.argo;
  if (steps.length === 0) throw new MissingEvidence('the rollout declares no steps');
  facts.requireObserver('gateway');
  const from = facts.shipped.at;
  const held = facts.weight_periods.filter((period) => period.to > from && period.canary_pct > 0);
  const declared = [...steps.map((step) => step.weight_pct), 100];
  const seen = held.map((period) => period.canary_pct);
  const in_order =
    seen.length === declared.length && declared.every((weight_pct, index) => weight_pct === seen[index]);
  const short = steps
    .map((step, index) => ({ step, period: held[index] }))
    .find(({ step, period }) => period && (period.to - period.from) / 1000 < step.pause_s - ARGO_TICK_S);
  const problem = !in_order
    ? `the weights were ${seen.join(', ') || 'none'}`
    : short?.period
      ? `weight ${short.step.weight_pct} % was held for ${((short.period.to - short.period.from) / 1000).toFixed(1)} s, not ${short.step.pause_s} s`
      : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      held
        .map((period) => `${period.canary_pct} % for ${((period.to - period.from) / 1000).toFixed(1)} s`)
        .join(', '),
    limit: steps.map((step) => `${step.weight_pct} % for ${step.pause_s} s`).join(', '),
    measured: seen.map((weight_pct) => `${weight_pct} %`).join(', ') || 'no weight',
    derivation: `pauses count whole seconds: ${ARGO_TICK_S} s less is allowed`,
    evidence: held.map((period) => period.seq),
  };
});
