import { POD_START_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { describeShortage, SETTLE_S, shortageOf } from './capacity.ts';
import { type ActSpan, actsOf, analysesOf, type ObjectRecord, seconds, setsOf, statesOf } from './course.ts';

/** New pods, and the switch to them. */
const INSIDE_S = 2 * POD_START_S;

interface Applied {
  readonly says: string;
  readonly problem: boolean;
  readonly evidence: readonly number[];
}

/** What came of a former release that was applied again, until something else was shipped. */
function applied(facts: Facts, all: readonly ObjectRecord[], act: ActSpan): Applied {
  const { stable_release, steps } = facts.argo;
  const hash = setsOf(facts, stable_release)[0]?.data.fields['hash'];
  const until = facts.timeline.of('release', 'shipped').find(({ at }) => at > act.done)?.at ?? facts.load_end;
  const states = all.filter(({ at, data }) => at > act.from && at < until && data.fields['canary'] === hash);
  const stable = states.find(({ data }) => data.fields['stable'] === hash);
  const paused = states.find(({ data }) => data.fields['phase'] === 'Paused');
  const measured = analysesOf(facts).find(({ at }) => at > act.from && at < until);
  const evidence = [act.seq, stable, paused, measured]
    .map((one) => (typeof one === 'number' ? one : one?.seq))
    .filter((seq) => seq !== undefined);
  const say = (text: string, problem: boolean): Applied => ({
    says: `${act.name}: ${text}`,
    problem,
    evidence,
  });
  if (!stable) return say(`never stable in ${seconds(until - act.done)} s`, true);
  const took = `stable after ${seconds(stable.at - act.from)} s`;
  if (/inside/.test(act.name)) {
    if (paused) return say(`paused at ${String(paused.data.fields['weight_pct'])} %`, true);
    if (measured) return say(`${measured.subject} was made`, true);
    return say(`${took}, no pause, no analysis`, stable.at - act.from > INSIDE_S * 1000);
  }
  const seen = new Set(
    states
      .filter(({ data }) => data.fields['phase'] === 'Paused')
      .map(({ data }) => Number(data.fields['weight_pct'])),
  );
  const missed = steps.filter(({ weight_pct }) => !seen.has(weight_pct));
  if (missed.length > 0)
    return say(`never held at ${missed.map(({ weight_pct }) => `${weight_pct} %`).join(', ')}`, true);
  if (!measured) return say('no analysis was made', true);
  return say(`${took}, by way of ${[...seen].join(', ')} %, with an analysis`, false);
}

/** The acts `apply inside` and `apply outside`, and the pods behind each weight throughout. */
export const a16 = contractRule('A16', (facts) => {
  facts.requireObserver('gateway');
  const states = statesOf(facts);
  if (!states.some(({ data }) => data.fields['window'] !== undefined))
    throw new MissingEvidence('the Rollout has no rollback window');
  const found = actsOf(facts, /^apply (?:inside|outside)/).map((act) => applied(facts, states, act));
  const short = shortageOf(facts, { sides: ['canary'] });
  const too_few = short && short.lasted_s > SETTLE_S ? short : undefined;
  const problem = found.find((one) => one.problem);
  const says = [
    ...found.map((one) => one.says),
    short ? describeShortage(short) : 'always pods enough for the weight',
  ].join('; ');
  return {
    outcome: problem || too_few ? 'fail' : 'pass',
    reason: too_few ? describeShortage(too_few) : (problem?.says ?? says),
    limit: `inside ${atMost(INSIDE_S, 's')} without pause and analysis, outside all of them; pods too few for ${atMost(SETTLE_S, 's')}`,
    measured: says,
    derivation: `${POD_START_S} s for pods and as long for the switch; a weight of w % of n pods needs w x n / 100 of them, rounded up`,
    evidence: [...(too_few ? [too_few.seq] : []), ...found.flatMap((one) => one.evidence)],
  };
});
