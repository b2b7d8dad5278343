import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import { rolloutSubject } from '../../endings.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';

export type ObjectRecord = RecordOf<'kubernetes', 'object'>;

/** Something that the scenario did while the rollout went on. */
export interface ActSpan {
  readonly name: string;
  readonly from: EpochMs;
  /** When it was done. */
  readonly done: EpochMs;
  readonly seq: number;
  /** When the next act began, or the end of the load: what was seen until then follows from this one. */
  readonly until: EpochMs;
}

/** The acts whose names begin so, in order. @throws MissingEvidence when there were none */
export function actsOf(facts: Facts, named: RegExp): readonly ActSpan[] {
  const phases = facts.timeline.of('harness', 'phase');
  const end = facts.load_end;
  const acts = phases
    .filter(({ data, subject }) => data.state === 'started' && named.test(subject))
    .flatMap((started): ActSpan[] => {
      const { subject: name, at: from, seq } = started;
      const done = phases.find(
        (other) => other.subject === name && other.data.state === 'done' && other.seq > seq,
      );
      if (!done) return [];
      const next = phases.find((other) => other.data.state === 'started' && other.seq > done.seq);
      return [{ name, from, done: done.at, seq, until: next?.at ?? end }];
    });
  if (acts.length === 0) throw new MissingEvidence(`no act was carried out that is called ${named.source}`);
  return acts;
}

/** The only act of that name. @throws MissingEvidence when it was not carried out */
export function actOf(facts: Facts, name: string): ActSpan {
  const act = actsOf(facts, new RegExp(`^${name}$`))[0];
  if (!act) throw new MissingEvidence(`no act was carried out that is called ${name}`);
  return act;
}

/** All states of the judged Rollout, in order. @throws MissingEvidence when it was never observed */
export function statesOf(facts: Facts): readonly ObjectRecord[] {
  facts.requireObserver('kubernetes');
  facts.requireRollout();
  const subject = rolloutSubject(facts.argo);
  return facts.timeline.of('kubernetes', 'object').filter((record) => record.subject === subject);
}

/** The last of some records that had been seen at a moment. */
export function lastAt<One extends { readonly at: EpochMs }>(
  records: readonly One[],
  at: EpochMs,
): One | undefined {
  return records.findLast((record) => record.at <= at);
}

/** States of the ReplicaSets of a release, in order. @throws MissingEvidence when none was observed */
export function setsOf(facts: Facts, release: string): readonly ObjectRecord[] {
  const { namespace } = facts.argo;
  const found = facts.timeline.of('kubernetes', 'object').filter(
    ({ subject, data }) =>
      subject.startsWith(`ReplicaSet/${namespace}/`) &&
      data.fields['release'] === release &&
      // A Deployment's own have no such hash.
      data.fields['hash'] !== '',
  );
  if (found.length === 0) throw new MissingEvidence(`no ReplicaSet of release ${release} was observed`);
  return found;
}

/** A number that an object's record carries; 0 where it carries none. */
export function numberOf(record: ObjectRecord | undefined, field: string): number {
  return Number(record?.data.fields[field] ?? 0);
}

/** The first record of each AnalysisRun of the Rollout, in order. */
export function analysesOf(facts: Facts): readonly ObjectRecord[] {
  const { namespace, app } = facts.argo;
  const seen = new Set<string>();
  return facts.timeline.of('kubernetes', 'object').filter(({ subject, data }) => {
    if (!subject.startsWith(`AnalysisRun/${namespace}/${app}-`) || seen.has(subject)) return false;
    seen.add(subject);
    return data.verb === 'added';
  });
}

/** When the gateway's object first declared that a release gets nothing, from a moment on; undefined when it never did. */
export function withdrawnAt(facts: Facts, from: EpochMs): { at: EpochMs; seq: number } | undefined {
  const periods = facts.weight_periods;
  const current = lastAt(
    periods.map((period) => ({ ...period, at: period.from })),
    from,
  );
  if (current?.canary_pct === 0) return { at: from, seq: current.seq };
  const zero = periods.find((period) => period.from > from && period.canary_pct === 0);
  return zero && { at: zero.from, seq: zero.seq };
}

/** Answers of a release that began and ended within a span. */
export function answersWithin(
  facts: Facts,
  release: string,
  { from, to }: { readonly from: EpochMs; readonly to: EpochMs },
): number {
  return facts
    .series((series) => series.release === release && series.first_at > from && series.last_at < to)
    .reduce((sum, { series }) => sum + series.count, 0);
}

export const seconds = (ms: number): string => (ms / 1000).toFixed(1);
