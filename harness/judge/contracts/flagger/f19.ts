import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { type Call, callsOf, HOOKS } from './calls.ts';
import { type Breach, unlessBroken } from './seen.ts';

/** Ticks from an opened gate to the first weight: one finds it open, one finds the pods ready, one to spare for them. */
const TICKS_MAX = 3;

const MESSAGE = 'metadata.eventMessage';
const TYPE = 'metadata.eventType';

function says(call: Call, name: string): string {
  const { metadata } = call.data;
  return metadata[name] ?? metadata[name.replace('metadata.', '')] ?? '';
}

/** Kubernetes' own client puts this before the words of an Event that it makes of many. */
const COMBINED = /^\(combined from similar events\): /;

/** Events of the Canary that no call told of, by their words; a repeated Event is one object whose count grows. */
function untold(facts: Facts, calls: readonly Call[]): readonly Breach[] {
  const told = new Set(calls.map((call) => says(call, MESSAGE)));
  return facts.rollout_events
    .filter(({ data }) => data.reporter === 'flagger' && !told.has(data.message.replace(COMBINED, '')))
    .map(({ data, seq }) => ({ reason: `nobody was told of "${data.message}"`, evidence: [seq] }));
}

/** How long Flagger stayed with a dead receiver at least: from a call to the next call of any hook. */
function cost(facts: Facts, dead: readonly Call[]): string {
  const calls = facts.timeline.of('gate', 'call');
  const gaps = dead.flatMap((call) => {
    const next = calls.find(({ at }) => at > call.at);
    return next ? [(next.at - call.at) / 1000] : [];
  });
  return gaps.length === 0 ? 'nobody knows how much' : `${Math.min(...gaps).toFixed(1)} s each`;
}

/** While the receiver was dead the rollout went on at its pace; each event was told with its type, or tried to be. */
export const f19 = contractRule('F19', (facts) => {
  facts.requireObserver('kubernetes');
  const { interval_s } = facts.flagger;
  const calls = callsOf(facts, HOOKS.event);
  const dead = calls.filter(({ data }) => data.status === 0);
  const [first] = dead;
  if (!first) throw new MissingEvidence('no call met a dead receiver');
  const weight = facts.rollout_states.find(
    ({ at, data }) => at > first.at && Number(data.fields.weight_pct) > 0,
  );
  const took_s = weight ? (weight.at - first.at) / 1000 : Number.POSITIVE_INFINITY;
  const limit_s = TICKS_MAX * interval_s;
  const blank = calls.filter((call) => says(call, TYPE) === '' || says(call, MESSAGE) === '');
  const breaches: (Breach | undefined)[] = [
    took_s <= limit_s
      ? undefined
      : {
          reason: `the first weight came ${took_s.toFixed(1)} s after the receiver died`,
          evidence: [first.seq],
        },
    blank.length > 0
      ? { reason: `${blank.length} calls say no event`, evidence: blank.map(({ seq }) => seq) }
      : undefined,
    ...untold(facts, calls).slice(0, 1),
  ];
  return unlessBroken(breaches, {
    reason: `${calls.length} events were told as JSON; ${dead.length} of them met a dead receiver, which cost ${cost(facts, dead)}, and the first weight came after ${took_s.toFixed(1)} s`,
    limit: `every event told, the first weight ${atMost(limit_s, 's')} after the receiver died`,
    measured: `${calls.length} events, ${took_s.toFixed(1)} s`,
    derivation: `${TICKS_MAX} x interval ${interval_s} s`,
    evidence: [first.seq, ...(weight ? [weight.seq] : []), ...calls.map(({ seq }) => seq)],
  });
});
