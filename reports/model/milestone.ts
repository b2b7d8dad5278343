import type { EpochMs } from '#harness/core/timeline.ts';
import type { Harm } from './harm.ts';
import { isCanary, type RunFacts } from './run-facts.ts';

/** One step of the time to roll back or to promote. */
export interface Milestone {
  readonly id: string;
  readonly label: string;
  /** What the moment was read from. */
  readonly source: string;
  readonly at: EpochMs | undefined;
  /** The step that this one waits for; its moment is where this step's duration starts. */
  readonly after: string | undefined;
  /** Why there is no moment, when the reason is known. */
  readonly absent?: string;
}

/** How long the load must have gone on without a bad answer for the last one to count as the last. */
const QUIET_MS = 2_000;

/** A step; why it has no moment is told only where it has none. */
export function step(
  id: string,
  label: string,
  source: string,
  at: EpochMs | undefined,
  after: string | undefined,
  absent?: string,
): Milestone {
  return { id, label, source, at, after, ...(at === undefined && absent !== undefined ? { absent } : {}) };
}

/** The last bad answer marks the withdrawal only where the load went on long enough afterwards to have seen another. */
export function withdrawalOf(
  facts: RunFacts,
  harm: Harm | undefined,
): { readonly at: EpochMs | undefined; readonly absent: string | undefined } {
  const last_bad_at = harm?.last_bad_at;
  if (last_bad_at === undefined) return { at: undefined, absent: harm && 'no bad answer was seen' };
  const load_end = facts.timeline.of('load', 'second').at(-1)?.at ?? last_bad_at;
  if ((facts.weights.at(-1)?.canary_pct ?? 0) > 0) {
    return { at: undefined, absent: 'never: the canary kept its weight until the end' };
  }
  if (load_end - last_bad_at < QUIET_MS) return { at: undefined, absent: 'no data: the load ended first' };
  return { at: last_bad_at, absent: undefined };
}

/** The controller's own word about the release; other senders, such as an alert, do not count. */
export function messageAt(
  facts: RunFacts,
  since: EpochMs | undefined,
  severities: readonly string[],
): EpochMs | undefined {
  if (since === undefined) return undefined;
  return facts.timeline
    .of('chat', 'message')
    .find(
      (record) =>
        record.at >= since &&
        severities.includes(record.data.severity) &&
        isCanary(record.subject, facts.spec),
    )?.at;
}

/** When a client first got an answer of the next release. */
export function firstAnswerOfNext(facts: RunFacts): EpochMs | undefined {
  const firsts = facts.timeline
    .of('load', 'second')
    .flatMap((record) => record.data.series)
    .filter((series) => series.release === facts.next_release)
    .map((series) => series.first_at);
  return firsts.length === 0 ? undefined : firsts.reduce((left, right) => Math.min(left, right));
}
