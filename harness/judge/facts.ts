import type { Expectation } from '#harness/core/expectation.ts';
import type { ArgoSpec, FlaggerSpec, RolloutEnding, RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { AnswerSeries, EpochMs, RecordOf, Timeline } from '#harness/core/timeline.ts';
import { endOf, rolloutSubject } from './endings.ts';
import { MissingEvidence } from './missing-evidence.ts';

/** Time over which a share of traffic was declared. */
export interface WeightPeriod {
  readonly from: EpochMs;
  /** The next change, or the end of the load. */
  readonly to: EpochMs;
  readonly canary_pct: number;
  readonly seq: number;
}

/** Answers counted over a span of whole seconds. */
export interface AnswerCount {
  readonly total: number;
  readonly of_release: number;
  readonly bad: number;
}

function sumOf(all: readonly AnswerSeries[]): number {
  return all.reduce((sum, { count }) => sum + count, 0);
}

/** Questions that several rules ask of one timeline. Every answer comes from records; nothing is assumed. */
export class Facts {
  readonly timeline: Timeline;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  /** @throws MissingEvidence when the scenario never declared what it expects */
  get spec(): RolloutSpec {
    const declared = this.timeline.of('harness', 'spec')[0];
    if (!declared) throw new MissingEvidence('the scenario never declared its specification');
    return declared.data;
  }

  /** The specification of a rollout by Flagger. @throws MissingEvidence when another controller rolls out */
  get flagger(): FlaggerSpec {
    const { spec } = this;
    if (spec.controller === 'flagger') return spec;
    throw new MissingEvidence(`the rollout is by ${spec.controller}, not by flagger`);
  }

  /** The specification of a rollout by Argo Rollouts. @throws MissingEvidence when another controller rolls out */
  get argo(): ArgoSpec {
    const { spec } = this;
    if (spec.controller === 'argo-rollouts') return spec;
    throw new MissingEvidence(`the rollout is by ${spec.controller}, not by argo-rollouts`);
  }

  /** When the judged release was shipped. @throws MissingEvidence when it never was */
  get shipped(): RecordOf<'release', 'shipped'> {
    const { next_release } = this.spec;
    const shipped = this.timeline
      .of('release', 'shipped')
      .find((record) => record.data.release === next_release);
    if (!shipped) throw new MissingEvidence(`release ${next_release} was never shipped`);
    return shipped;
  }

  /**
   * The moment that everything is measured from: the shipping of the judged release, or the migration that goes before
   * it; where nothing is rolled out, the moment at which the steady state was found to hold. @throws MissingEvidence when there was none
   */
  get act_began(): { readonly at: EpochMs; readonly seq: number } {
    if (this.timeline.of('harness', 'spec').length > 0) {
      const { shipped } = this;
      const migrated = this.timeline.of('database', 'migration').find(({ data }) => data.state === 'begun');
      return migrated && migrated.at < shipped.at ? migrated : shipped;
    }
    const steady = this.timeline
      .of('harness', 'steady_state')
      .find((record) => record.data.moment === 'before');
    if (!steady) throw new MissingEvidence('the scenario never came to its act');
    return steady;
  }

  /** What a scenario of the given sort declared. @throws MissingEvidence when it declared nothing */
  expectation<Of extends Expectation['of']>(of: Of): Extract<Expectation, { of: Of }> {
    const declared = this.timeline
      .of('harness', 'expectation')
      .map((record) => record.data)
      .find((data): data is Extract<Expectation, { of: Of }> => data.of === of);
    if (!declared) throw new MissingEvidence(`the scenario never declared what it expects of its ${of}`);
    return declared;
  }

  /** The load's seconds. @throws MissingEvidence when no load was measured */
  get seconds(): readonly RecordOf<'load', 'second'>[] {
    const seconds = this.timeline.of('load', 'second');
    if (seconds.length === 0) throw new MissingEvidence('no load was measured');
    return seconds;
  }

  /** End of the last measured second. */
  get load_end(): EpochMs {
    const last = this.seconds.at(-1);
    if (!last) throw new MissingEvidence('no load was measured');
    return last.at;
  }

  /** All answer series that satisfy the condition, with the `seq` of their record. */
  series(condition: (series: AnswerSeries) => boolean): readonly { series: AnswerSeries; seq: number }[] {
    return this.seconds.flatMap((second) =>
      second.data.series.filter(condition).map((series) => ({ series, seq: second.seq })),
    );
  }

  /** Bad answers that the judged release gave after it was shipped. */
  get bad_answers(): readonly { series: AnswerSeries; seq: number }[] {
    const { next_release } = this.spec;
    return this.series((series) => series.bad && series.release === next_release);
  }

  /** Answer series of seconds that lie wholly within the span. */
  #seriesWithin(from: EpochMs, to: EpochMs): readonly AnswerSeries[] {
    return this.seconds.flatMap((second) =>
      second.data.from < from || second.at > to ? [] : second.data.series,
    );
  }

  /** Answers of seconds that lie wholly within the span. */
  countWithin(from: EpochMs, to: EpochMs, release: string): AnswerCount {
    const all = this.#seriesWithin(from, to);
    const own = all.filter((series) => series.release === release);
    return { total: sumOf(all), of_release: sumOf(own), bad: sumOf(own.filter(({ bad }) => bad)) };
  }

  /**
   * Answers of a release in seconds that lie wholly within the span, without those that may have been asked before it: whoever
   * was sent there waits for as long as that takes, whatever is declared meanwhile.
   */
  countAsked(from: EpochMs, to: EpochMs, release: string): number {
    return sumOf(
      this.#seriesWithin(from, to).filter(
        (series) => series.release === release && series.first_at - series.max_ms >= from,
      ),
    );
  }

  /** What the gateway declared, as periods. @throws MissingEvidence when no weight was ever observed */
  get weight_periods(): readonly WeightPeriod[] {
    const records = this.timeline
      .of('gateway', 'weight')
      .filter((record) => record.data.read_from !== 'live');
    if (records.length === 0) throw new MissingEvidence('no declared weight was observed at the gateway');
    const changes = records.filter(
      (record, index) => index === 0 || record.data.canary_pct !== records[index - 1]?.data.canary_pct,
    );
    const end = this.load_end;
    return changes.map((record, index) => ({
      from: record.at,
      to: changes[index + 1]?.at ?? end,
      canary_pct: record.data.canary_pct,
      seq: record.seq,
    }));
  }

  get #all_rollout_states(): readonly RecordOf<'kubernetes', 'object'>[] {
    const subject = rolloutSubject(this.spec);
    return this.timeline.of('kubernetes', 'object').filter((record) => record.subject === subject);
  }

  /** States of the judged Canary or Rollout after shipping, in order. */
  get rollout_states(): readonly RecordOf<'kubernetes', 'object'>[] {
    const from = this.shipped.at;
    return this.#all_rollout_states.filter((record) => record.at >= from);
  }

  /** The last state of the judged Canary or Rollout. @throws MissingEvidence when it was never observed */
  get last_rollout_state(): RecordOf<'kubernetes', 'object'> {
    const last = this.#all_rollout_states.at(-1);
    if (!last) throw new MissingEvidence(`${rolloutSubject(this.spec)} was never observed`);
    return last;
  }

  /** Makes sure that the judged Canary or Rollout was observed. @throws MissingEvidence when it never was */
  requireRollout(): void {
    if (this.#all_rollout_states.length > 0) return;
    throw new MissingEvidence(`${rolloutSubject(this.spec)} was never observed`);
  }

  /** The first state after shipping in which the rollout had come to the given end; undefined when it never did. */
  endState(expected: RolloutEnding): RecordOf<'kubernetes', 'object'> | undefined {
    const from = this.shipped.at;
    const before = this.#all_rollout_states.findLast((record) => record.at < from);
    const ended = endOf(this.spec, expected, before?.data.fields);
    return this.rollout_states.find((record) => ended(record.data.fields));
  }

  /** Events about the judged Canary or Rollout after shipping, in order. */
  get rollout_events(): readonly RecordOf<'kubernetes', 'event'>[] {
    const subject = rolloutSubject(this.spec);
    const from = this.shipped.at;
    return this.timeline
      .of('kubernetes', 'event')
      .filter((record) => record.subject === subject && record.at >= from);
  }

  /**
   * Makes sure that an observer watched from before the act to the end.
   * @throws MissingEvidence when it never started or lost its source
   */
  requireObserver(name: string): void {
    const states = this.timeline.of('harness', 'observer').filter((record) => record.subject === name);
    if (!states.some((record) => record.data.state === 'started')) {
      throw new MissingEvidence(`nothing observed ${name}`);
    }
    const lost = states.find((record) => record.data.state === 'lost');
    if (lost)
      throw new MissingEvidence(
        `the observer of ${name} lost its source: ${lost.data.note ?? 'no reason given'}`,
      );
  }
}
