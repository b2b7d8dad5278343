import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import {
  answersWithin,
  type Breach,
  declaredFrom,
  objectStates,
  RECORDED_MS,
  stateAt,
  unlessBroken,
  type WeightRecord,
} from './seen.ts';

/** When the declared split changed, if there is one: to the release, and back. */
function switches(facts: Facts): readonly WeightRecord[] {
  const any = facts.timeline.of('gateway', 'weight').some(({ data }) => data.read_from !== 'live');
  return any ? declaredFrom(facts, facts.shipped.seq) : [];
}

/** Behind a gateway: everything to the release, and back only once the primary has been updated. */
function switchedSafely(facts: Facts, declared: readonly WeightRecord[]): readonly Breach[] {
  const { spec } = facts;
  const weights = declared.map(({ data }) => Math.round(data.canary_pct));
  const [to, back] = declared;
  if (!to || !back || weights.join() !== '100,0') {
    return [
      { reason: `declared ${weights.join(', ')} %, not 100, 0 %`, evidence: declared.map(({ seq }) => seq) },
    ];
  }
  const primary = stateAt(objectStates(facts, `Deployment/${spec.app}-primary`), back.at);
  const { release, replicas, ready, updated } = primary?.data.fields ?? {};
  const whole = release === spec.next_release && Number(ready) >= Number(replicas) && updated === replicas;
  const bound = facts.timeline.of('gateway', 'bound')[0];
  const span = { from: to.at + (bound?.data.follow_ms ?? 0) + RECORDED_MS, to: back.at };
  const others = answersWithin(facts, span, (one) => one.release !== spec.next_release);
  return [
    ...(whole
      ? []
      : [
          {
            reason: 'the traffic went back to the primary before it was updated',
            evidence: [back.seq, ...(primary ? [primary.seq] : [])],
          },
        ]),
    ...(others > 0
      ? [
          {
            reason: `${others} requests missed the release while all traffic was declared to it`,
            evidence: [to.seq],
          },
        ]
      : []),
  ];
}

/** Nobody meets the release while it is checked, and no request is lost on the way. */
export const f27 = contractRule('F27', (facts) => {
  facts.requireObserver('kubernetes');
  const { spec, shipped } = facts;
  const promoting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Promoting');
  const checked = facts.rollout_states.filter(({ data }) => Number(data.fields.iterations) > 0);
  if (!promoting || checked.length === 0)
    throw new MissingEvidence('the release was never checked, or never promoted');
  const declared = switches(facts);
  const until = declared[0] ?? promoting;
  const early = answersWithin(
    facts,
    { from: shipped.at, to: until.at },
    ({ release }) => release === spec.next_release,
  );
  const lost = facts.series(({ bad }) => bad);
  const asked = answersWithin(facts, { from: shipped.at, to: facts.load_end });
  const breaches: readonly Breach[] = [
    ...(early > 0
      ? [{ reason: `${early} users met the release while it was checked`, evidence: [until.seq] }]
      : []),
    ...(declared.length > 0 ? switchedSafely(facts, declared) : []),
    ...(lost.length > 0 ? [{ reason: 'requests were lost', evidence: lost.map(({ seq }) => seq) }] : []),
  ];
  const way =
    declared.length > 0 ? 'then all traffic until the primary was updated' : 'then only through the primary';
  return unlessBroken(breaches, {
    reason: `0 users met the release in ${checked.length} states of its check, ${way}; 0 of ${asked} requests lost`,
    limit: '0 users before the switch, 0 requests lost',
    measured: `${early} users, ${lost.length} requests lost`,
    evidence: [shipped.seq, until.seq, promoting.seq],
  });
});
