import type { EpochMs } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { type ObjectRecord, numberOf, seconds, setsOf, statesOf } from './course.ts';
import { firstStable, firstSwitch, type Stage } from './switches.ts';

/** Watches of different kinds tell of one reconciliation with this difference at most, in ms. */
const WATCH_MS = 500;

/** When an analysis of one sort was begun, and when it had succeeded. @throws MissingEvidence when there was none */
function analysis(facts: Facts, type: string, name: string): readonly Stage[] {
  const { namespace, app } = facts.argo;
  const runs = facts.timeline
    .of('kubernetes', 'object')
    .filter(
      ({ subject, data, at }) =>
        subject.startsWith(`AnalysisRun/${namespace}/${app}-`) &&
        data.fields['type'] === type &&
        at >= facts.shipped.at,
    );
  const [first] = runs;
  const good = runs.find(({ data }) => data.fields['phase'] === 'Successful');
  if (!first || !good) throw new MissingEvidence(`the analysis ${name} was not seen to succeed`);
  return [
    { name: `analysis ${name}`, at: first.at, seq: first.seq },
    { name: `success ${name}`, at: good.at, seq: good.seq },
  ];
}

function stage(name: string, record: ObjectRecord | undefined): Stage {
  if (!record) throw new MissingEvidence(`the stage "${name}" was never seen`);
  return { name, at: record.at, seq: record.seq };
}

/** The documented stages as they were seen, in the documented order. */
function stagesOf(facts: Facts): readonly Stage[] {
  const { next_release } = facts.argo;
  const sets = setsOf(facts, next_release);
  const states = statesOf(facts).filter(({ at }) => at >= facts.shipped.at);
  const hash = sets[0]?.data.fields['hash'];
  const switched = firstSwitch(facts);
  const whole = (record: ObjectRecord): boolean =>
    numberOf(record, 'available') >= numberOf(states[0], 'replicas');
  const preview = sets.find((set) => numberOf(set, 'available') > 0);
  // Without previewReplicaCount the preview is of full size from its beginning.
  const small = preview && numberOf(preview, 'replicas') < numberOf(states[0], 'replicas');
  return [
    stage('preview', preview),
    ...analysis(facts, 'PrePromotion', 'before'),
    stage(
      'pause',
      states.find(({ data }) => data.fields['message'] === 'BlueGreenPause'),
    ),
    ...(small ? [stage('full size', sets.find(whole))] : []),
    switched,
    ...analysis(facts, 'PostPromotion', 'after'),
    stage(
      'stable',
      states.find(({ data }) => data.fields['stable'] === hash),
    ),
  ];
}

/** Answers of the release before the switch. */
function early(facts: Facts, switched: EpochMs): number {
  return facts
    .series(({ release, first_at }) => release === facts.argo.next_release && first_at < switched - WATCH_MS)
    .reduce((sum, { series }) => sum + series.count, 0);
}

/** The stages by the times of the records that show them, and who was served before the switch. */
export const a17 = contractRule('A17', (facts) => {
  const stages = stagesOf(facts);
  const wrong = stages.find((one, index) => {
    const next = stages[index + 1];
    return next !== undefined && next.at < one.at - WATCH_MS;
  });
  const met = early(facts, firstSwitch(facts).at);
  const told = stages.map(({ name, at }) => `${name} ${seconds(at - facts.shipped.at)} s`).join(', ');
  const after = wrong && stages[stages.indexOf(wrong) + 1];
  const problem = after
    ? `${after.name} came before ${wrong.name}: ${told}`
    : met > 0
      ? `${met} answers came from the release before the switch`
      : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? told,
    limit: `${stages.map(({ name }) => name).join(', ')}; 0 answers before the switch`,
    measured: told,
    derivation: `each stage at most ${WATCH_MS} ms before the one that it follows, for watches of their own`,
    evidence: [...stages.map(({ seq }) => seq), firstStable(facts).seq],
  };
});
