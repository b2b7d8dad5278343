import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { type Breach, declaredFrom, RECORDED_MS, unlessBroken } from './seen.ts';

/** The release that was under analysis when the judged one was shipped. @throws MissingEvidence when none was */
function replaced(facts: Facts): string {
  const { shipped } = facts;
  const before = facts.timeline
    .of('release', 'shipped')
    .findLast(({ seq, data }) => seq < shipped.seq && data.release !== shipped.data.release);
  if (!before) throw new MissingEvidence('no other release was under analysis');
  return before.data.release;
}

/** A release is promoted although no pod of a canary ever ran it. */
function promotedUntested(facts: Facts): Breach | undefined {
  const { spec, shipped } = facts;
  const promoting = facts.rollout_states.find(({ data }) => data.fields.phase === 'Promoting');
  if (!promoting) return undefined;
  const started = facts.timeline
    .of('kubernetes', 'object')
    .some(
      ({ at, subject, data }) =>
        at > shipped.at &&
        at < promoting.at &&
        data.verb === 'added' &&
        subject.startsWith(`Pod/${spec.namespace}/${spec.app}-`) &&
        !subject.startsWith(`Pod/${spec.namespace}/${spec.app}-primary-`),
    );
  if (started) return undefined;
  return {
    reason: `${spec.next_release} was promoted, and no pod of the canary was started since it was shipped: nothing of it was looked at`,
    evidence: [shipped.seq, promoting.seq],
  };
}

/** Traffic, weight and counters return to nothing within a tick of the new revision, and the replaced release is gone. */
export const f21 = contractRule('F21', (facts) => {
  const { interval_s } = facts.flagger;
  facts.requireObserver('kubernetes');
  const { shipped, timeline } = facts;
  const old = replaced(facts);
  const before = timeline
    .of('kubernetes', 'object')
    .findLast(({ seq, subject }) => seq < shipped.seq && subject === facts.rollout_states[0]?.subject);
  const weight_pct = Number(before?.data.fields.weight_pct ?? 0);
  const failed = Number(before?.data.fields.failed_checks ?? 0);
  if (weight_pct === 0) throw new MissingEvidence(`${old} had no weight yet when it was replaced`);
  const limit_s = interval_s + WITHDRAWAL_SLACK_S;
  const reset = facts.rollout_states.find(
    ({ data: { fields } }) =>
      fields.phase === 'Progressing' && fields.weight_pct === 0 && fields.failed_checks === 0,
  );
  const withdrawn = declaredFrom(facts, shipped.seq)[0];
  const took_s = reset ? (reset.at - shipped.at) / 1000 : Number.POSITIVE_INFINITY;
  const later = facts
    .series(({ release }) => release === old)
    .filter(
      ({ series }) =>
        withdrawn !== undefined && series.last_at > withdrawn.at + RECORDED_MS * WITHDRAWAL_SLACK_S,
    );
  const breaches: (Breach | undefined)[] = [
    promotedUntested(facts),
    took_s <= limit_s
      ? undefined
      : {
          reason: reset
            ? `weight and counters were 0 only ${took_s.toFixed(1)} s after the new revision`
            : 'weight and counters never returned to 0',
          evidence: [shipped.seq, ...(reset ? [reset.seq] : [])],
        },
    withdrawn?.data.canary_pct === 0
      ? undefined
      : {
          reason: `after the new revision ${withdrawn?.data.canary_pct ?? 'no weight'} % was declared, not 0`,
          evidence: [shipped.seq, ...(withdrawn ? [withdrawn.seq] : [])],
        },
    later.length === 0
      ? undefined
      : {
          reason: `${old} answered on after its traffic was withdrawn`,
          evidence: later.map(({ seq }) => seq),
        },
  ];
  return unlessBroken(breaches, {
    reason: `weight ${weight_pct} % and ${failed} failed checks of ${old} were 0 again ${took_s.toFixed(1)} s after the new revision, which was analysed from the start`,
    limit: `${atMost(limit_s, 's')}: all traffic to the primary, weight and counters 0`,
    measured: `${took_s.toFixed(1)} s`,
    derivation: `interval ${interval_s} s + ${WITHDRAWAL_SLACK_S} s`,
    evidence: [shipped.seq, ...(reset ? [reset.seq] : []), ...(withdrawn ? [withdrawn.seq] : [])],
  });
});
