import { exposureBudget_s, firstWeight_pct, overallBad_pct } from '../budgets.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { rule } from '../rule.ts';

/**
 * States of the scenario's alert from shipping on. Only changes are recorded, so the state that held at shipping is
 * the first of them.
 * @throws MissingEvidence when the state was never read, or reading it stopped
 */
function alertStates(facts: Facts): readonly RecordOf<'prometheus', 'alert'>[] {
  const { name } = facts.spec.alert;
  facts.requireObserver('prometheus');
  const from = facts.shipped.at;
  const all = facts.timeline.of('prometheus', 'alert').filter((record) => record.subject === name);
  const before = all.filter((record) => record.at < from).slice(-1);
  const states = [...before, ...all.filter((record) => record.at >= from)];
  if (states.length === 0) throw new MissingEvidence(`the state of alert ${name} was never read`);
  return states;
}

/**
 * A rollback fast enough that no alert fires. Whether that must hold is computed: the ratio can stay over the
 * alert's threshold for the exposure and as long as the alert's window still holds bad answers; if that is
 * shorter than `for`, firing is wrong. Silence counts only if the alert was seen `pending` on the way: a rule that
 * never noticed anything would be silent too.
 */
export const alertSilence = rule('alert', 'the rollback is faster than the alert', (facts) => {
  const { spec } = facts;
  const from = facts.shipped.at;
  const states = alertStates(facts);
  const over_s = exposureBudget_s(spec) + spec.alert.window_s + spec.scrape_interval_s;
  const ratio_pct = overallBad_pct(spec, firstWeight_pct(spec));
  const limit = `pending, never firing (for ${spec.alert.for_s} s)`;
  const derivation = `${ratio_pct} % of all answers for at most ${over_s} s (exposure + window + scrape) against > ${spec.alert.threshold_pct} % for ${spec.alert.for_s} s`;
  if (over_s >= spec.alert.for_s || ratio_pct <= spec.alert.threshold_pct) {
    throw new MissingEvidence(`the specification does not say whether the alert may fire: ${derivation}`);
  }
  const firing = states.find((record) => record.data.state === 'firing');
  const pending = states.find((record) => record.data.state === 'pending');
  const evidence = [pending, firing, states.at(-1)]
    .filter((record) => record !== undefined)
    .map((record) => record.seq);
  if (firing) {
    const after_s = (firing.at - from) / 1000;
    return {
      outcome: 'fail',
      reason: `the alert fired ${after_s.toFixed(1)} s after shipping`,
      limit,
      measured: 'firing',
      derivation,
      evidence,
    };
  }
  if (!pending) {
    return {
      outcome: 'inconclusive',
      reason: 'the alert never became pending although users met the fault: its silence proves nothing',
      limit,
      measured: 'inactive',
      derivation,
      evidence,
    };
  }
  const calm = states.at(-1)?.data.state === 'inactive';
  return {
    outcome: calm ? 'pass' : 'inconclusive',
    reason: calm
      ? 'it became pending, and inactive again without firing'
      : 'it was still pending when the run ended: it might have fired later',
    limit,
    measured: calm ? 'pending, then inactive' : 'pending',
    derivation,
    evidence,
  };
});

/** A good release leaves the alert untouched. */
export const alertUntouched = rule('alert', 'the alert never leaves inactive', (facts) => {
  const states = alertStates(facts);
  const disturbed = states.filter((record) => record.data.state !== 'inactive');
  return {
    outcome: disturbed.length === 0 ? 'pass' : 'fail',
    reason:
      disturbed.length === 0
        ? `inactive in all ${states.length} readings`
        : `it became ${disturbed[0]?.data.state ?? ''}`,
    limit: 'inactive',
    measured: disturbed[0]?.data.state ?? 'inactive',
    evidence: (disturbed.length > 0 ? disturbed : states.slice(-1)).map((record) => record.seq),
  };
});
