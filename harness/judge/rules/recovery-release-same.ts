import type { RecordOf } from '#harness/core/timeline.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { recoveryFacts } from '../recovery-facts.ts';
import { rule } from '../rule.ts';
import { STEADY_SECONDS } from './steady-before.ts';

function releasesOf(seconds: readonly RecordOf<'load', 'second'>[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { release, bad, count } of seconds.flatMap(({ data }) => data.series)) {
    if (!bad) counts.set(release, (counts.get(release) ?? 0) + count);
  }
  return counts;
}

function text(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([release, count]) => `${count} of ${release}`).join(', ') || 'none';
}

/** The release that served before serves after; where a rollout was under way, the one that the specification names. */
export const releaseSame = rule(
  'release-same',
  'the release that served before serves everything afterwards',
  (facts) => {
    const { expectation, destroyed, steady } = recoveryFacts(facts);
    const { release, under_way } = expectation;
    const wanted = under_way?.serves_after ?? release;
    if (!steady?.data.held) throw new MissingEvidence('the service was not seen steady again');
    const known = new Set([release, ...(under_way ? [under_way.release] : [])]);
    const before = facts.seconds.filter(({ at }) => at <= destroyed.at).slice(-STEADY_SECONDS);
    const served = releasesOf(before);
    if (!served.has(release) || [...served.keys()].some((one) => !known.has(one))) {
      throw new MissingEvidence(
        `before the loss the good answers were ${text(served)}, not of ${[...known].join(' and ')}`,
      );
    }
    // The last seconds of the steady state count too: the load may end with it.
    const since = steady.at - STEADY_SECONDS * 1000;
    const after = facts.seconds.filter(({ data }) => data.from >= since);
    const serves = releasesOf(after);
    if (serves.size === 0)
      throw new MissingEvidence('no good answer was measured in the steady state afterwards');
    const others = [...serves].filter(([one]) => one !== wanted);
    const strays = others.reduce((sum, [, count]) => sum + count, 0);
    return {
      outcome: strays === 0 ? 'pass' : 'fail',
      reason: `${text(serves)} answered in the ${after.length} s since the service was steady, ${text(served)} in the ${before.length} s before the loss`,
      limit: `<= 0 answers that are not of ${wanted}`,
      measured: `${strays} answers`,
      evidence: [...before, ...after].map(({ seq }) => seq),
    };
  },
);
