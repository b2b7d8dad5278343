import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';

type State = RecordOf<'kubernetes', 'object'>;

/** An analysis that the judged Rollout began after shipping, by its recorded states. */
export interface Analysis {
  readonly name: string;
  /** `Background`, `Step`, `PrePromotion` or `PostPromotion`. */
  readonly type: string;
  readonly first: State;
  readonly last: State;
  readonly states: readonly State[];
}

/** Phases that an analysis does not leave. */
const ENDED: ReadonlySet<unknown> = new Set(['Successful', 'Failed', 'Inconclusive', 'Error']);

/** Whether an analysis in that phase has come to its end. */
export function hasEnded(phase: unknown): boolean {
  return ENDED.has(phase);
}

/** The judged Rollout's analyses after shipping, in the order in which they began. */
export function analysesOf(facts: Facts): readonly Analysis[] {
  const { namespace, app } = facts.argo;
  const from = facts.shipped.at;
  facts.requireObserver('kubernetes');
  const found = new Map<string, State[]>();
  for (const record of facts.timeline.of('kubernetes', 'object')) {
    if (!record.subject.startsWith(`AnalysisRun/${namespace}/${app}-`)) continue;
    if (record.at < from || record.data.verb === 'deleted') continue;
    found.set(record.subject, [...(found.get(record.subject) ?? []), record]);
  }
  return [...found].flatMap(([subject, states]) => {
    const [first] = states;
    const last = states.at(-1);
    if (first === undefined || last === undefined) return [];
    const type = String(first.data.fields['type'] ?? '');
    return [{ name: subject.split('/').at(-1) ?? '', type, first, last, states }];
  });
}

/** The first state in which an analysis had come to its end. */
export function endedAt({ states }: Analysis): State | undefined {
  return states.find(({ data }) => hasEnded(data.fields['phase']));
}

/** When an act of the scenario began; undefined when it never did. */
export function actAt(facts: Facts, name: string): RecordOf<'harness', 'phase'> | undefined {
  return facts.timeline
    .of('harness', 'phase')
    .find(({ subject, data }) => subject === name && data.state === 'started');
}

/** When an act of the scenario was done; undefined when it never was. */
export function doneAt(facts: Facts, name: string): RecordOf<'harness', 'phase'> | undefined {
  return facts.timeline
    .of('harness', 'phase')
    .find(({ subject, data }) => subject === name && data.state === 'done');
}
