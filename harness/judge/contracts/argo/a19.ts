import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { numberOf, setsOf, statesOf } from './course.ts';
import { firstSwitch, sizeAt } from './switches.ts';

/** Pods of the preview up to the pause, and pods that were available at the switch. */
export const a19 = contractRule('A19', (facts) => {
  const { next_release } = facts.argo;
  const states = statesOf(facts).filter(({ at }) => at >= facts.shipped.at);
  const preview = numberOf(
    states.find(({ data }) => data.fields['preview_replicas'] !== undefined),
    'preview_replicas',
  );
  if (preview === 0) throw new MissingEvidence('the Rollout sets no previewReplicaCount');
  const replicas = numberOf(states[0], 'replicas');
  const paused = states.find(({ data }) => data.fields['message'] === 'BlueGreenPause');
  if (!paused) throw new MissingEvidence('the Rollout was never seen in its pause');
  const switched = firstSwitch(facts);
  const sets = setsOf(facts, next_release);
  const before = sets.filter(({ at }) => at <= paused.at);
  const most = Math.max(...before.map((set) => numberOf(set, 'replicas')));
  const at_switch = sizeAt(facts, next_release, switched.at).available;
  const measured = `${most} pods up to the pause, ${at_switch} of ${replicas} available at the switch`;
  const holds = most === preview && at_switch >= replicas;
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: measured,
    limit: `${preview} pods up to the pause, ${replicas} available at the switch`,
    measured,
    evidence: [paused.seq, switched.seq, ...before.map(({ seq }) => seq)],
  };
});
