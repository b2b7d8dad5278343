import { MissingEvidence } from '../../missing-evidence.ts';
import { rolloutSubject } from '../../endings.ts';
import { contractRule } from '../contract-rule.ts';
import { callsOf, isYes, HOOKS } from './calls.ts';
import { answersWithin, type Breach, declaredFrom, RECORDED_MS, unlessBroken } from './seen.ts';

/** Fewest refusals: Flagger asks once a tick, and one message must do for all of them. */
const REFUSALS_MIN = 2;

/** From phase Waiting until the gate was found open: pods, declared weights, answers and messages. */
export const f12 = contractRule('F12', (facts) => {
  facts.requireObserver('kubernetes');
  facts.requireObserver('chat');
  const { spec, shipped, timeline } = facts;
  const calls = callsOf(facts, HOOKS.confirm_rollout);
  const refused = calls.filter((call) => !isYes(call));
  const opened = calls.find(isYes);
  if (refused.length < REFUSALS_MIN || !opened) {
    throw new MissingEvidence(`the gate refused ${refused.length} times, or never opened`);
  }
  const waiting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Waiting');
  const within = (one: { readonly at: number }): boolean => one.at >= shipped.at && one.at < opened.at;
  const pods = timeline
    .of('kubernetes', 'object')
    .filter(
      (record) =>
        record.subject.startsWith(`Pod/${spec.namespace}/`) &&
        record.data.fields.release === spec.next_release &&
        within(record),
    );
  const weights = declaredFrom(facts, shipped.seq).filter((one) => within(one) && one.data.canary_pct > 0);
  const met = answersWithin(
    facts,
    { from: shipped.at, to: opened.at },
    ({ release }) => release === spec.next_release,
  );
  const told = timeline
    .of('chat', 'message')
    .filter(
      ({ subject, data, at }) =>
        subject === rolloutSubject(spec) &&
        data.text.startsWith('Canary is waiting for approval') &&
        at < opened.at + RECORDED_MS &&
        at >= shipped.at,
    );
  const evidence = [...(waiting ? [waiting.seq] : []), opened.seq];
  const breaches: (Breach | undefined)[] = [
    waiting ? undefined : { reason: 'the Canary was never in phase Waiting', evidence },
    pods.length > 0
      ? {
          reason: `${pods.length} states of pods of the release were seen`,
          evidence: pods.map(({ seq }) => seq),
        }
      : undefined,
    weights.length > 0
      ? { reason: 'a share of the traffic was declared', evidence: weights.map(({ seq }) => seq) }
      : undefined,
    met > 0 ? { reason: `${met} users met the release`, evidence } : undefined,
    told.length === 1
      ? undefined
      : { reason: `${told.length} messages told of it`, evidence: told.map(({ seq }) => seq) },
  ];
  return unlessBroken(breaches, {
    reason: `refused ${refused.length} times: phase Waiting, 0 pods, 0 % of the traffic, 1 message`,
    limit: 'phase Waiting, 0 pods, 0 %, 1 message',
    measured: `${pods.length} pods, ${weights.length} weights, ${told.length} messages`,
    evidence: [...evidence, ...told.map(({ seq }) => seq)],
  });
});
