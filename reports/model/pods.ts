import type { EpochMs } from '#harness/core/timeline.ts';
import type { RunFacts } from './run-facts.ts';

/** How many pods of a release were ready from a moment on. */
export interface PodCount {
  readonly at: EpochMs;
  readonly ready: number;
}

/** Ready pods of each release over time; pods that carry no release, such as the stack's own, are left out. */
export function podsByRelease(facts: RunFacts): ReadonlyMap<string, readonly PodCount[]> {
  const ready = new Map<string, Set<string>>();
  const counts = new Map<string, PodCount[]>();
  for (const { at, subject, data } of facts.timeline.of('kubernetes', 'object')) {
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
