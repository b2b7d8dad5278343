import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { finalAnswers } from './rolled-back.ts';

/** For as long as it was watched, the rollout came to no end, and the former release served on. */
export const held = rule(
  'held',
  'the release is neither promoted nor rolled back while it is held',
  (facts) => {
    facts.requireObserver('kubernetes');
    const { shipped, spec } = facts;
    const states = facts.rollout_states;
    if (states.length === 0) throw new MissingEvidence('the rollout was not observed after shipping');
    const ended = facts.endState('rollback') ?? facts.endState('promotion');
    const final = finalAnswers(facts, spec.stable_release);
    if (final.total === 0) throw new MissingEvidence('no answers were measured at the end');
    const watched_s = (facts.load_end - shipped.at) / 1000;
    const evidence = [shipped.seq, ...(ended ? [ended.seq] : []), ...final.seqs];
    const phase = String(states.at(-1)?.data.fields.phase ?? 'unknown');
    const served = final.of_release > 0;
    return {
      outcome: ended || !served ? 'fail' : 'pass',
      reason: ended
        ? `it came to phase ${String(ended.data.fields.phase)} ${((ended.at - shipped.at) / 1000).toFixed(1)} s after shipping`
        : served
          ? `still ${phase} after ${watched_s.toFixed(1)} s, and ${spec.stable_release} serves`
          : `${spec.stable_release} gave none of the last ${final.total} answers`,
      limit: 'no end, and the former release serves',
      measured: `phase ${phase} after ${watched_s.toFixed(1)} s`,
      evidence,
    };
  },
);
