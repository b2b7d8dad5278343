import { MissingEvidence } from '../../missing-evidence.ts';
import type { Rule } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';

/**
 * A good release was promoted although something else broke meanwhile. How long it took is not judged: a controller may wait
 * for the trouble to pass.
 * @param broken that a fault must have been on while the release was rolled out
 */
export function notBlamed(id: string, broken: 'fault' | 'none'): Rule {
  return contractRule(id, (facts) => {
    facts.requireObserver('kubernetes');
    facts.requireRollout();
    const limit = 'promoted, never rolled back';
    const back = facts.endState('rollback');
    const kept = facts.endState('promotion');
    const ended_at = (back ?? kept)?.at ?? facts.load_end;
    // A fault that was on before still is: it is healed when the rollout has settled.
    const on = facts.timeline.of('fault', 'proven_on').filter(({ at }) => at <= ended_at);
    if (broken === 'fault' && on.length === 0) {
      throw new MissingEvidence('no fault was proven to be on while the release was rolled out');
    }
    const evidence = [facts.shipped.seq, ...on.map(({ seq }) => seq)];
    if (back) {
      const after_s = (back.at - facts.shipped.at) / 1000;
      return {
        outcome: 'fail',
        reason: `the good release was rolled back ${after_s.toFixed(1)} s after shipping`,
        limit,
        measured: 'rolled back',
        evidence: [...evidence, back.seq],
      };
    }
    if (!kept)
      return { outcome: 'fail', reason: 'it was not promoted', limit, measured: 'neither', evidence };
    const took_s = (kept.at - facts.shipped.at) / 1000;
    const meanwhile =
      on.length === 0 ? '' : `, although ${on.map(({ data }) => data.fault).join(', ')} was on`;
    return {
      outcome: 'pass',
      reason: `promoted ${took_s.toFixed(1)} s after shipping${meanwhile}`,
      limit,
      measured: `promoted after ${took_s.toFixed(1)} s`,
      evidence: [...evidence, kept.seq],
    };
  });
}
