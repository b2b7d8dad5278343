import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { callsOf, isYes, HOOKS } from './calls.ts';
import { type Breach, declaredAt, declaredFrom, objectStates, RECORDED_MS, unlessBroken } from './seen.ts';

/** From phase WaitingPromotion until the gate opens, or the release is rolled back out of it. */
export const f16 = contractRule('F16', (facts) => {
  facts.requireObserver('kubernetes');
  const { spec } = facts;
  const waiting = facts.rollout_states.find(({ data }) => data.fields.phase === 'WaitingPromotion');
  const calls = callsOf(facts, HOOKS.confirm_promotion);
  const refused = calls.filter((call) => !isYes(call));
  const opened = calls.find(isYes);
  const failed = facts.endState('rollback');
  if (refused.length === 0) throw new MissingEvidence('the gate of the promotion was never closed');
  const end = opened ?? failed;
  if (!end) throw new MissingEvidence('the gate of the promotion never opened, and nothing was rolled back');
  if (!waiting) {
    return unlessBroken([{ reason: 'the Canary was never in phase WaitingPromotion', evidence: [end.seq] }], {
      reason: '',
      limit: 'phase WaitingPromotion',
    });
  }
  const within = ({ at }: { readonly at: number }): boolean => at > waiting.at && at < end.at - RECORDED_MS;
  const copied = objectStates(facts, `Deployment/${spec.app}-primary`).find(
    (record) => within(record) && record.data.fields.release === spec.next_release,
  );
  const left = facts.rollout_states.find(
    (record) => within(record) && record.data.fields.phase !== 'WaitingPromotion',
  );
  const moved = declaredFrom(facts, -1).find(within);
  const checks = callsOf(facts, HOOKS.rollout).filter(({ at }) => at > waiting.at && at <= end.at);
  const evidence = [waiting.seq, end.seq];
  const breaches: (Breach | undefined)[] = [
    copied
      ? { reason: 'the release was copied to the primary while the gate was closed', evidence: [copied.seq] }
      : undefined,
    left
      ? {
          reason: `it left phase WaitingPromotion for ${String(left.data.fields.phase)}`,
          evidence: [left.seq],
        }
      : undefined,
    moved
      ? { reason: `the weight went to ${moved.data.canary_pct} % while it waited`, evidence: [moved.seq] }
      : undefined,
    checks.length === 0 ? { reason: 'no check was made while it waited', evidence } : undefined,
  ];
  const weight_pct = declaredAt(facts, waiting.at);
  return unlessBroken(breaches, {
    reason: `waited ${((end.at - waiting.at) / 1000).toFixed(1)} s at ${weight_pct} % with nothing copied and ${checks.length} further checks, then ${opened ? 'was promoted' : 'was rolled back by them'}`,
    limit: 'phase WaitingPromotion, nothing copied, >= 1 check',
    measured: `${checks.length} checks, ${copied ? 1 : 0} copies`,
    evidence: [...evidence, ...checks.map(({ seq }) => seq)],
  });
});
