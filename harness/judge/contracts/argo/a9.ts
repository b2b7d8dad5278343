import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { analysesOf, endedAt } from './analyses.ts';

/** Step at which the analysis in the background begins in the scenarios: the one after the first weight. */
const STARTING_STEP = 1;

/**
 * One analysis in the background from its starting step to the promotion; one within its step, which the Rollout does
 * not leave before it has ended well.
 */
export const a9 = contractRule('A9', (facts) => {
  const analyses = analysesOf(facts);
  const background = analyses.filter(({ type }) => type === 'Background');
  const inline = analyses.filter(({ type }) => type === 'Step');
  const promoted = facts.endState('promotion');
  if (!promoted) throw new MissingEvidence('the release was not promoted');
  const states = facts.rollout_states;
  const [behind] = background;
  const [within] = inline;
  const index = Number(within?.first.data.fields['step']);
  const began = states.find(
    ({ data }) =>
      Number(data.fields['step']) >= STARTING_STEP && data.fields['canary'] !== data.fields['stable'],
  );
  const ended = within && endedAt(within);
  const early = states.find(
    ({ at, data }) =>
      within && at > within.first.at && at < (ended?.at ?? Infinity) && Number(data.fields['step']) > index,
  );
  const end = behind && endedAt(behind);
  const last_weight = states.find(({ data }) => Number(data.fields['step']) > index && !Number.isNaN(index));
  const problem =
    background.length !== 1 || inline.length !== 1
      ? `${background.length} in the background, ${inline.length} within a step`
      : !began || !behind || behind.first.at < began.at - 1_000
        ? `the one in the background began before step ${STARTING_STEP}`
        : early
          ? `the Rollout was at step ${String(early.data.fields['step'])} before the analysis of step ${index} ended`
          : ended?.data.fields['phase'] !== 'Successful'
            ? `the analysis of step ${index} was ${String(within?.last.data.fields['phase'])}`
            : !end || (last_weight && end.at < last_weight.at)
              ? 'the one in the background did not last until the promotion'
              : undefined;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `one in the background, ended ${((end?.at ?? promoted.at) - promoted.at) / 1000} s from the promotion; one within step ${index}, which waited for it`,
    limit: '1 in the background from its starting step to the promotion, 1 within its step, which waits',
    measured: `${background.length} in the background, ${inline.length} within a step`,
    evidence: [
      ...analyses.map(({ first }) => first.seq),
      ...(ended ? [ended.seq] : []),
      ...(end ? [end.seq] : []),
      promoted.seq,
    ],
  };
});
