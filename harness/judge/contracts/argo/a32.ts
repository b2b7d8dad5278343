import { ARGO_TICK_S } from '../../budgets.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { actOf, analysesOf, lastAt, numberOf, seconds } from './course.ts';

/** Between two attempts of a controller that waits, with the jitter that client-go adds (controller.go of 1.10.0: 2 s). */
const RETRY_S = 2 * 1.2;

/** The lease's holders around the act `kill leader`, and each step and analysis of the rollout just once. */
export const a32 = contractRule('A32', (facts) => {
  facts.requireObserver('controllers');
  const act = actOf(facts, 'kill leader');
  const leases = facts.timeline
    .of('kubernetes', 'object')
    .filter(({ subject }) => subject.startsWith('Lease/'));
  const before = lastAt(leases, act.from);
  if (!before) throw new MissingEvidence('the lease was never observed');
  const former = String(before.data.fields['holder']);
  const after = leases.find(
    ({ at, data }) => at > act.from && data.fields['holder'] !== former && data.fields['holder'] !== '',
  );
  const budget_s = numberOf(before, 'duration_s') + RETRY_S + ARGO_TICK_S;
  const limit = `another holder ${atMost(budget_s, 's')}, each step and analysis once, then stable`;
  const derivation = `lease of ${numberOf(before, 'duration_s')} s + ${RETRY_S} s between attempts + ${ARGO_TICK_S} s`;
  if (!after) {
    const reason = `nobody took over in ${seconds(facts.load_end - act.from)} s`;
    return { outcome: 'fail', reason, limit, derivation, evidence: [act.seq, before.seq] };
  }
  const took_ms = after.at - act.from;
  const steps = facts.rollout_events
    .filter(({ data }) => data.reason === 'RolloutStepCompleted')
    .map(({ data }) => data.message);
  const twice = steps.find((message, index) => steps.indexOf(message) !== index);
  const analyses = analysesOf(facts).filter(({ at }) => at > facts.shipped.at);
  const stable = facts.endState('promotion');
  const problem =
    took_ms > budget_s * 1000
      ? `the other took over after ${seconds(took_ms)} s`
      : twice !== undefined
        ? `a step was taken twice: ${twice}`
        : analyses.length > 1
          ? `${analyses.length} analyses were made`
          : stable === undefined
            ? 'the rollout never came to its end'
            : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `taken over after ${seconds(took_ms)} s, ${steps.length} steps and ${analyses.length} analysis once each, stable ${seconds((stable?.at ?? 0) - after.at)} s later`,
    limit,
    measured: `${seconds(took_ms)} s`,
    derivation,
    evidence: [act.seq, before.seq, after.seq, ...(stable ? [stable.seq] : [])],
  };
});
