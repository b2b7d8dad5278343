import type { EpochMs } from '#harness/core/timeline.ts';
import type { RunFacts } from './run-facts.ts';

/** How many pods of a release were ready from a moment on. */
export interface PodCount {
  readonly at: EpochMs;
  readonly ready: number;
}

function endAll(counts: Map<string, PodCount[]>, ready: Map<string, Set<string>>, at: EpochMs): void {
  for (const [release, pods] of ready) {
    if (pods.size > 0) counts.get(release)?.push({ at, ready: 0 });
    pods.clear();
  }
}

/** Ready pods of each release over time; pods that carry no release, such as the stack's own, are left out. */
export function podsByRelease(facts: RunFacts): ReadonlyMap<string, readonly PodCount[]> {
  const ready = new Map<string, Set<string>>();
  const counts = new Map<string, PodCount[]>();
  let lost_at = facts.destroyed_at;
  for (const { at, subject, data } of facts.timeline.of('kubernetes', 'object')) {
    if (lost_at !== undefined && at >= lost_at) {
      // A cluster that is destroyed says nothing of the end of its pods.
      const whole = facts.expectation?.of === 'recovery' && facts.expectation.loses === 'cluster';
      if (whole) endAll(counts, ready, lost_at);
      lost_at = undefined;
    }
    const release = data.fields['release'];
    if (!subject.startsWith('Pod/') || typeof release !== 'string' || release === '') continue;
    const pods = ready.get(release) ?? new Set<string>();
    ready.set(release, pods);
    const serves =
      data.verb !== 'deleted' && data.fields['ready'] === true && data.fields['terminating'] !== true;
    if (serves === pods.has(subject) && counts.has(release)) continue;
    if (serves) pods.add(subject);
    else pods.delete(subject);
    counts.set(release, [...(counts.get(release) ?? []), { at, ready: pods.size }]);
  }
  return counts;
}
