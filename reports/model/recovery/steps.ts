import type { EpochMs, Timeline } from '#harness/core/timeline.ts';

/** One step of a recovery. */
export interface RecoveryStep {
  /** As the records name it: `cluster`, `component/traefik`. */
  readonly id: string;
  readonly label: string;
  readonly from: EpochMs;
  /** Absent where its end was not seen. */
  readonly to?: EpochMs;
  readonly state: 'running' | 'done' | 'failed';
  /** What is done, and what came of it. */
  readonly notes: readonly string[];
  /** What a person would do in its place. */
  readonly by_hand: readonly string[];
}

type Draft = { -readonly [Field in keyof RecoveryStep]: RecoveryStep[Field] };

/** `component/traefik` is read as `traefik`, and `definitions/traefik` as its definitions. */
export function stepLabel(id: string): string {
  return id.replace(/^component\//, '').replace(/^definitions\/(.+)$/, '$1, definitions');
}

/** Whether a step is a part of the cluster that comes from Git, beside others. */
export function isPart(id: string): boolean {
  return id.includes('/');
}

/** The steps in the order in which they began. One that is begun anew, because it failed, is a step of its own. */
export function stepsOf(timeline: Timeline): readonly RecoveryStep[] {
  const steps: Draft[] = [];
  const open = new Map<string, Draft>();
  for (const { at, subject, data } of timeline.of('recovery', 'step')) {
    const step = open.get(subject);
    const by_hand = data.by_hand === undefined ? [] : [data.by_hand];
    const notes = data.note === '' ? [] : [data.note];
    if (step === undefined || data.state === 'started') {
      const begun: Draft = {
        id: subject,
        label: stepLabel(subject),
        from: at,
        state: data.state === 'started' ? 'running' : data.state,
        notes,
        by_hand,
      };
      // An end whose beginning nobody wrote down is a moment.
      if (data.state !== 'started') begun.to = at;
      else open.set(subject, begun);
      steps.push(begun);
      continue;
    }
    step.to = at;
    step.state = data.state;
    step.notes = [...step.notes, ...notes.filter((note) => !step.notes.includes(note))];
    step.by_hand = [...step.by_hand, ...by_hand.filter((line) => !step.by_hand.includes(line))];
    open.delete(subject);
  }
  return steps.toSorted((left, right) => left.from - right.from);
}
