import { RECOVERED_KEY, stepKey } from '#harness/core/rebuild-plan.ts';
import type { EpochMs, Timeline } from '#harness/core/timeline.ts';
import { rememberDuration } from '../durations.ts';

/** What the steps of a recovery took, in seconds, by the keys that plans look them up by; only those that were done. */
export function recoveryDurations(timeline: Timeline): Readonly<Record<string, number>> {
  const begun = new Map<string, EpochMs>();
  const took: Record<string, number> = {};
  const lost_at = timeline.of('recovery', 'destroyed')[0]?.at;
  for (const { at, subject, data } of timeline.of('recovery', 'step')) {
    if (data.state === 'started') {
      begun.set(subject, at);
      continue;
    }
    const from = begun.get(subject);
    begun.delete(subject);
    if (from === undefined || data.state !== 'done') continue;
    took[stepKey(subject)] = (at - from) / 1000;
    if (subject === 'steady' && lost_at !== undefined) took[RECOVERED_KEY] = (at - lost_at) / 1000;
  }
  return took;
}

/** Remembers what the steps of a rebuild took, for the plan of the next one. */
export function rememberRecovery(timeline: Timeline): void {
  for (const [key, seconds] of Object.entries(recoveryDurations(timeline))) rememberDuration(key, seconds);
}
