import type { AnswerSeries, EpochMs, RecordOf, RolloutSpec, Timeline } from '#harness/core/timeline.ts';
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

  /** When the judged release was shipped. @throws MissingEvidence when it never was */
  get shipped(): RecordOf<'release', 'shipped'> {
    const { next_release } = this.spec;
    const shipped = this.timeline
      .of('release', 'shipped')
      .find((record) => record.data.release === next_release);
    if (!shipped) throw new MissingEvidence(`release ${next_release} was never shipped`);
    return shipped;
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

  /** Answers of seconds that lie wholly within the span. */
  countWithin(from: EpochMs, to: EpochMs, release: string): AnswerCount {
    let total = 0;
    let of_release = 0;
    let bad = 0;
    for (const second of this.seconds) {
      if (second.data.from < from || second.at > to) continue;
      for (const series of second.data.series) {
        total += series.count;
        if (series.release === release) of_release += series.count;
        if (series.release === release && series.bad) bad += series.count;
      }
    }
    return { total, of_release, bad };
  }

  /** What the gateway declared, as periods. @throws MissingEvidence when no weight was ever observed */
  get weight_periods(): readonly WeightPeriod[] {
    const records = this.timeline.of('gateway', 'weight');
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

  get #all_canary_states(): readonly RecordOf<'kubernetes', 'object'>[] {
    const { app, namespace } = this.spec;
    const subject = `Canary/${namespace}/${app}`;
    return this.timeline.of('kubernetes', 'object').filter((record) => record.subject === subject);
  }

  /** States of the judged Canary after shipping, in order. */
  get canary_states(): readonly RecordOf<'kubernetes', 'object'>[] {
    const from = this.shipped.at;
    return this.#all_canary_states.filter((record) => record.at >= from);
  }

  /** The last state of the judged Canary. @throws MissingEvidence when it was never observed */
  get last_canary_state(): RecordOf<'kubernetes', 'object'> {
    const last = this.#all_canary_states.at(-1);
    if (!last) throw new MissingEvidence('the Canary was never observed');
    return last;
  }

  /** Events about the judged Canary after shipping, in order. */
  get canary_events(): readonly RecordOf<'kubernetes', 'event'>[] {
    const { app, namespace } = this.spec;
    const subject = `Canary/${namespace}/${app}`;
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
