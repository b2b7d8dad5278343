import { FLAGGER_SERIES } from '#harness/core/flagger-series.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';

/** What `flagger_canary_status` must be in a phase; the others are not told apart by it. */
const STATUS: Readonly<Record<string, number>> = { Progressing: 0, Succeeded: 1, Failed: 2 };

/** Something that held for a while, and what a series must have been meanwhile. */
interface Held {
  readonly what: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly value: number;
  readonly seq: number;
}

type Series = RecordOf<'prometheus', 'series'>;

function seriesOf(facts: Facts, name: string, workload?: string): Series {
  const found = facts.timeline
    .of('prometheus', 'series')
    .find(
      ({ subject, data }) =>
        subject === name && (workload === undefined || data.labels['workload'] === workload),
    );
  if (!found) throw new MissingEvidence(`Prometheus has no series ${name}`);
  return found;
}

/** Phases from shipping on that a status stands for. */
function phases(facts: Facts): readonly Held[] {
  const states = facts.rollout_states.filter(
    ({ data }, index, all) => data.fields.phase !== all[index - 1]?.data.fields.phase,
  );
  return states.flatMap(({ at, seq, data }, index): Held[] => {
    const phase = String(data.fields.phase);
    const value = STATUS[phase];
    const to = states[index + 1]?.at ?? facts.load_end;
    return value === undefined ? [] : [{ what: `phase ${phase}`, from: at, to, value, seq }];
  });
}

/** Declared weights from shipping on, as what a workload is given. */
function weights(facts: Facts, share: (canary_pct: number) => number): readonly Held[] {
  const from = facts.shipped.at;
  return facts.weight_periods
    .filter((period) => period.to > from)
    .map(({ from: began, to, canary_pct, seq }) => ({
      what: `weight ${share(canary_pct)} %`,
      from: began,
      to,
      value: share(canary_pct),
      seq,
    }));
}

/** Samples that say something else than what held when they were scraped; the first scrapes after a change may be old. */
function lies(series: Series, held: readonly Held[], late_ms: number): { told: number; wrong: string[] } {
  let told = 0;
  const wrong: string[] = [];
  for (const { what, from, to, value } of held) {
    const samples = series.data.samples.filter(([at]) => at >= from + late_ms && at < to);
    told += samples.length;
    const other = samples.find(([, sample]) => sample !== value);
    if (other) wrong.push(`${series.subject} was ${other[1]} in ${what}`);
  }
  return { told, wrong };
}

/** Endings of a kind in the run, counted by the Canary's own states. */
function endings(facts: Facts, phase: string): number {
  return facts.rollout_states.filter(
    ({ data }, index, all) =>
      data.fields.phase === phase && all[index - 1]?.data.fields.phase !== phase && index > 0,
  ).length;
}

function counted(facts: Facts, name: string): number {
  const found = facts.timeline.of('prometheus', 'series').find(({ subject }) => subject === name);
  return found?.data.samples.at(-1)?.[1] ?? 0;
}

/** Flagger's metrics beside the Canary's states and the declared weights, scrape by scrape. */
export const f36 = contractRule('F36', (facts) => {
  const { app, scrape_interval_s } = facts.flagger;
  facts.requireObserver('kubernetes');
  facts.requireObserver('gateway');
  // A value is scraped up to one interval later and served by Prometheus up to another.
  const late_ms = (2 * scrape_interval_s + 1) * 1000;
  const status = seriesOf(facts, FLAGGER_SERIES.status);
  const compared = [
    lies(status, phases(facts), late_ms),
    lies(
      seriesOf(facts, FLAGGER_SERIES.weight, app),
      weights(facts, (pct) => pct),
      late_ms,
    ),
    lies(
      seriesOf(facts, FLAGGER_SERIES.weight, `${app}-primary`),
      weights(facts, (pct) => 100 - pct),
      late_ms,
    ),
  ];
  if (compared.some(({ told }) => told === 0)) {
    throw new MissingEvidence('no state lasted long enough to be scraped');
  }
  const counters = [
    { name: FLAGGER_SERIES.failures, wanted: endings(facts, 'Failed') },
    { name: FLAGGER_SERIES.successes, wanted: endings(facts, 'Succeeded') },
  ].map((one) => ({ ...one, found: counted(facts, one.name) }));
  const wrong = [
    ...compared.flatMap((one) => one.wrong),
    ...counters
      .filter(({ wanted, found }) => wanted !== found)
      .map(({ name, wanted, found }) => `${name} counts ${found}, not ${wanted}`),
  ];
  const told = compared.reduce((sum, one) => sum + one.told, 0);
  const tally = counters.map(({ name, found }) => `${name} ${found}`).join(', ');
  return {
    outcome: wrong.length === 0 ? 'pass' : 'fail',
    reason: wrong.length === 0 ? `${told} samples agree with states and weights; ${tally}` : wrong.join('; '),
    limit: '0 samples that say something else',
    measured: `${wrong.length} disagreements in ${told} samples`,
    derivation: `from 2 x scrape ${scrape_interval_s} s + 1 s after each change on`,
    evidence: [status.seq, ...phases(facts).map(({ seq }) => seq)],
  };
});
