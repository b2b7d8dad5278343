import type { Expectation } from '#harness/core/expectation.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import { type EpochMs, Timeline } from '#harness/core/timeline.ts';
import { rolloutSubject } from '#harness/judge/endings.ts';

/** Time over which something was so; an open end means that the record of its end is missing. */
export interface Span {
  readonly label: string;
  readonly from: EpochMs;
  readonly to: EpochMs | undefined;
}

interface PhaseSpan extends Span {
  readonly state: 'running' | 'done' | 'failed';
  readonly note: string | undefined;
}

interface WeightChange {
  readonly at: EpochMs;
  readonly canary_pct: number;
}

/** What reports read from a timeline before they look at answers. Whatever is missing is undefined or empty. */
export interface RunFacts {
  /** The records in the order of their time, whatever order they came in. */
  readonly timeline: Timeline;
  readonly spec: RolloutSpec | undefined;
  /** What else the scenario declared, or all that it declared where nothing is rolled out. */
  readonly expectation: Expectation | undefined;
  readonly seed: number | undefined;
  /** File of the scenario, from the project's root. */
  readonly file: string | undefined;
  readonly versions: Readonly<Record<string, string>>;
  readonly shipped_at: EpochMs | undefined;
  /** When that was lost which the run recovers from. */
  readonly destroyed_at: EpochMs | undefined;
  /** The moment that times are counted from: the loss, else the shipping, else the first record. */
  readonly origin: EpochMs;
  readonly origin_name: string;
  readonly first_at: EpochMs;
  readonly last_at: EpochMs;
  /** Weights as objects declare them, and as the data plane was seen to have them. */
  readonly weights: readonly WeightChange[];
  readonly live_weights: readonly WeightChange[];
  readonly phases: readonly PhaseSpan[];
  readonly faults: readonly Span[];
  /** When the primary began to take over the next release: from then on an answer's release does not tell its route. */
  readonly promoting_at: EpochMs | undefined;
  /** What served before, and what comes: by the run's own declaration, else by what was shipped and what answered first. */
  readonly stable_release: string | undefined;
  readonly next_release: string | undefined;
}

/** Reads the facts; never throws, whatever the run lacks. */
export function factsOf(given: Timeline): RunFacts {
  const timeline = new Timeline(
    [...given.records].sort((left, right) => left.at - right.at || left.seq - right.seq),
  );
  const spec = timeline.of('harness', 'spec')[0]?.data;
  const scenario = timeline.of('harness', 'scenario')[0]?.data;
  const first_at = timeline.records[0]?.at ?? 0;
  const last_at = timeline.records.at(-1)?.at ?? first_at;
  const shippings = timeline.of('release', 'shipped');
  const shipped = shippings.find((record) => record.data.release === spec?.next_release) ?? shippings[0];
  const destroyed = timeline.of('recovery', 'destroyed')[0];
  return {
    timeline,
    spec,
    expectation: timeline.of('harness', 'expectation')[0]?.data,
    seed: scenario?.seed,
    file: scenario?.file,
    versions: scenario?.versions ?? {},
    shipped_at: shipped?.at,
    destroyed_at: destroyed?.at,
    origin: destroyed?.at ?? shipped?.at ?? first_at,
    origin_name: destroyed
      ? `the loss of the ${destroyed.data.what}`
      : shipped
        ? 'the shipping of the release'
        : 'the first record',
    first_at,
    last_at,
    weights: timeline
      .of('gateway', 'weight')
      .filter((record) => record.data.read_from !== 'live')
      .map((record) => ({ at: record.at, canary_pct: record.data.canary_pct })),
    live_weights: timeline
      .of('gateway', 'weight')
      .filter((record) => record.data.read_from === 'live')
      .map((record) => ({ at: record.at, canary_pct: record.data.canary_pct })),
    phases: phasesOf(timeline),
    faults: [...lossesOf(timeline), ...faultsOf(timeline)],
    promoting_at: promotingAt(timeline, spec),
    ...releasesOf(timeline, shipped?.data.release),
  };
}

function releasesOf(
  timeline: Timeline,
  shipped: string | undefined,
): Pick<RunFacts, 'stable_release' | 'next_release'> {
  const spec = timeline.of('harness', 'spec')[0]?.data;
  if (spec) return { stable_release: spec.stable_release, next_release: spec.next_release };
  const expectation = timeline.of('harness', 'expectation')[0]?.data;
  if (expectation?.of === 'split') {
    return { stable_release: expectation.primary_release, next_release: expectation.canary_release };
  }
  if (expectation?.of === 'recovery') {
    return { stable_release: expectation.release, next_release: expectation.under_way?.release ?? shipped };
  }
  const answered = timeline.of('load', 'second').flatMap(({ data }) => data.series);
  const first = answered.find(({ release }) => release !== 'none' && release !== shipped);
  return { stable_release: first?.release, next_release: shipped };
}

/**
 * Flagger copies the next release to the primary in phase Promoting. Argo Rollouts gives it everything and then makes its
 * pods the stable ones, which ends the weight.
 */
function promotingAt(timeline: Timeline, spec: RolloutSpec | undefined): EpochMs | undefined {
  if (spec?.controller === 'argo-rollouts') {
    const weights = timeline.of('gateway', 'weight').filter((record) => record.data.read_from !== 'live');
    const whole = weights.findIndex((record) => record.data.canary_pct === 100);
    return whole === -1 ? undefined : weights.slice(whole).find((record) => record.data.canary_pct === 0)?.at;
  }
  return timeline
    .of('kubernetes', 'object')
    .find((record) => isCanary(record.subject, spec) && record.data.fields['phase'] === 'Promoting')?.at;
}

/** Whether a subject is the Canary or Rollout that the run is about; without a specification, any of them. */
export function isCanary(subject: string, spec: RolloutSpec | undefined): boolean {
  return spec ? subject === rolloutSubject(spec) : /^(?:Canary|Rollout)\//.test(subject);
}

/** From the shipping until the canary's weight is back at 0, or to the end when it never is. */
export function releaseSpans(facts: RunFacts): readonly Span[] {
  const { shipped_at, weights, next_release } = facts;
  if (shipped_at === undefined) return [];
  const raised = weights.find((change) => change.at >= shipped_at && change.canary_pct > 0);
  const back = raised && weights.find((change) => change.at > raised.at && change.canary_pct === 0);
  return [{ label: `${next_release ?? 'release'} rolled out`, from: shipped_at, to: back?.at }];
}

function phasesOf(timeline: Timeline): PhaseSpan[] {
  const spans = new Map<string, PhaseSpan>();
  for (const { at, subject, data } of timeline.of('harness', 'phase')) {
    const known = spans.get(subject);
    if (data.state === 'started') {
      spans.set(subject, { label: subject, from: at, to: undefined, state: 'running', note: data.note });
    } else {
      const note = data.note ?? known?.note;
      spans.set(subject, { label: subject, from: known?.from ?? at, to: at, state: data.state, note });
    }
  }
  return [...spans.values()];
}

/** From a loss to the first good answer after it; to the end where there is none. */
function lossesOf(timeline: Timeline): Span[] {
  return timeline.of('recovery', 'destroyed').map(({ at, data }) => {
    const back = timeline
      .of('recovery', 'step')
      .find((step) => step.at >= at && step.subject === 'first answer' && step.data.state === 'done');
    return { label: `${data.what} lost`, from: at, to: back?.at };
  });
}

function faultsOf(timeline: Timeline): Span[] {
  const spans: Span[] = [];
  const open = new Map<string, { from: EpochMs; label: string }>();
  const faults = timeline.records.filter((record) => record.source === 'fault');
  for (const record of faults) {
    if (record.kind === 'injected') open.set(record.subject, { from: record.at, label: record.data.fault });
    const started = open.get(record.subject);
    if (record.kind === 'healed' && started) {
      spans.push({ ...started, to: record.at });
      open.delete(record.subject);
    }
  }
  for (const started of open.values()) spans.push({ ...started, to: undefined });
  return spans;
}
