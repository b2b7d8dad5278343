import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

type State = RecordOf<'kubernetes', 'object'>;

/** What must never go back while a release is on its way, by controller. */
const COUNTERS = {
  flagger: ['weight_pct', 'failed_checks'],
  'argo-rollouts': ['step'],
} as const;

/** Whether the release is still on its way in this state: what follows an end begins from nothing. */
function onItsWay(facts: Facts, { data }: State): boolean {
  const { fields } = data;
  return facts.spec.controller === 'flagger'
    ? fields['phase'] === 'Progressing'
    : fields['aborted'] !== true && fields['stable'] !== fields['canary'];
}

/** The first counter that goes back after a moment while the release is on its way. */
function setBack(facts: Facts, at: number): { readonly what: string; readonly seq: number } | undefined {
  const states = facts.rollout_states;
  const before = states.findLast((state) => state.at <= at);
  if (before === undefined || !onItsWay(facts, before)) return undefined;
  for (const after of states.filter((state) => state.at > at)) {
    if (!onItsWay(facts, after)) return undefined;
    for (const counter of COUNTERS[facts.spec.controller]) {
      const [was, is] = [Number(before.data.fields[counter]), Number(after.data.fields[counter])];
      if (is < was) return { what: `${counter} went from ${was} back to ${is}`, seq: after.seq };
    }
  }
  return undefined;
}

/** Analyses that were begun for the judged release. */
function analyses(facts: Facts): number {
  if (facts.spec.controller === 'flagger') {
    return facts.rollout_events.filter(({ data }) => data.message.startsWith('New revision detected!'))
      .length;
  }
  const { namespace, app } = facts.spec;
  const runs = facts.timeline
    .of('kubernetes', 'object')
    .filter(
      ({ subject, at, data }) =>
        subject.startsWith(`AnalysisRun/${namespace}/${app}-`) &&
        at >= facts.shipped.at &&
        data.fields['type'] === 'Background',
    );
  return new Set(runs.map(({ subject }) => subject)).size;
}

/** The states of the Canary or Rollout around each death of its controller, and how many analyses it began in all. */
export const s1 = contractRule('S1', (facts) => {
  facts.requireObserver('kubernetes');
  facts.requireRollout();
  const killed = facts.timeline
    .of('fault', 'proven_on')
    .filter(({ data, at }) => data.fault === 'controller-killed' && at >= facts.shipped.at);
  if (killed.length === 0) throw new MissingEvidence('the controller was never killed');
  const { expected } = facts.spec;
  if (expected === 'hold') throw new MissingEvidence('the rollout is not asked to end');
  const limit = `nothing set back, 1 analysis, then the ${expected}`;
  const back = killed.map(({ at }) => setBack(facts, at)).find((one) => one !== undefined);
  const begun = analyses(facts);
  if (begun === 0) throw new MissingEvidence('no analysis was observed');
  const ended = facts.endState(expected);
  const problem =
    back?.what ??
    (begun > 1
      ? `${begun} analyses were begun`
      : ended === undefined
        ? `it never came to the ${expected}`
        : undefined);
  const took_s = ended === undefined ? undefined : (ended.at - facts.shipped.at) / 1000;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `killed ${killed.length} times, nothing set back, ${expected} ${took_s?.toFixed(1)} s after shipping`,
    limit,
    measured: `${killed.length} deaths, ${begun} analysis`,
    evidence: [...killed.map(({ seq }) => seq), ...(back ? [back.seq] : []), ...(ended ? [ended.seq] : [])],
  };
});
