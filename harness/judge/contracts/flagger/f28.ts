import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { answersWithin, type Breach, declaredFrom, unlessBroken } from './seen.ts';

/** Route that writes. */
const WRITES = '/orders';

/** The gateway mirrors in its own time, and counters are read at scrapes: this much may differ, in percent. */
const TOLERANCE_PCT = 15;

type Series = RecordOf<'prometheus', 'series'>;

function increase(series: readonly Series[], from: EpochMs, to: EpochMs): number {
  return series.reduce((sum, { data: { samples } }) => {
    const value = (at: EpochMs): number => samples.findLast(([time]) => time <= at)?.[1] ?? 0;
    return sum + value(to) - value(from);
  }, 0);
}

/** Times of the first and the last reading of the release's counters while it was mirrored to. */
function mirroredSpan(
  facts: Facts,
  series: readonly Series[],
): { readonly from: EpochMs; readonly to: EpochMs } {
  const began = facts.rollout_states.find(({ data }) => Number(data.fields.iterations) > 0);
  const switched = declaredFrom(facts, facts.shipped.seq).find(({ data }) => data.canary_pct > 0);
  if (!began || !switched) throw new MissingEvidence('no mirroring came before the switch');
  const bound = facts.timeline.of('gateway', 'bound')[0];
  const from = began.at + (bound?.data.follow_ms ?? 0);
  const times = series
    .flatMap(({ data }) => data.samples.map(([time]) => time))
    .filter((time) => time >= from && time <= switched.at);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  if (times.length < 2 || last <= first)
    throw new MissingEvidence('the counters of the release were not read while it was mirrored to');
  return { from: first, to: last };
}

/** What users were answered, against the counters of the release's own pods. */
export const f28 = contractRule('F28', (facts) => {
  const { spec, shipped } = facts;
  const counters = facts.timeline
    .of('prometheus', 'series')
    .filter(({ subject, data }) => subject === 'requests' && data.labels['app'] === spec.app);
  if (counters.length === 0) throw new MissingEvidence('the requests of the release were never counted');
  const span = mirroredSpan(facts, counters);
  const duration_s = (span.to - span.from) / 1000;
  const mirrored = increase(counters, span.from, span.to);
  const writes = increase(
    counters.filter(({ data }) => data.labels['route'] === WRITES),
    span.from,
    span.to,
  );
  // Whole seconds of the load lie somewhere in the span of the scrapes: rates are compared, not counts.
  const measured_s = facts.seconds.filter(
    (second) => second.data.from >= span.from && second.at <= span.to,
  ).length;
  const asked = answersWithin(facts, span);
  if (measured_s === 0 || asked === 0)
    throw new MissingEvidence('no load was measured while requests were mirrored');
  const share_pct = (100 * mirrored) / duration_s / (asked / measured_s);
  const met = answersWithin(
    facts,
    { from: shipped.at, to: span.to },
    ({ release }) => release === spec.next_release,
  );
  const evidence = [shipped.seq, ...counters.map(({ seq }) => seq)];
  const breaches: (Breach | undefined)[] = [
    met > 0 ? { reason: `${met} users were answered by the release`, evidence } : undefined,
    Math.abs(share_pct - 100) <= TOLERANCE_PCT
      ? undefined
      : { reason: `the release was asked ${share_pct.toFixed(0)} % of what users asked`, evidence },
    writes > 0 ? undefined : { reason: 'no write was mirrored', evidence },
  ];
  return unlessBroken(breaches, {
    reason: `in ${duration_s.toFixed(0)} s ${mirrored.toFixed(0)} requests were mirrored, ${share_pct.toFixed(0)} % of what users asked; ${writes.toFixed(0)} of them are writes that happened twice; no user was answered by the release`,
    limit: `100 % +- ${TOLERANCE_PCT} pp mirrored, 0 users answered by the release`,
    measured: `${share_pct.toFixed(0)} %, ${writes.toFixed(0)} doubled writes, ${met} users`,
    evidence,
  });
});
