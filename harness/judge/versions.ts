import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { PROMOTION_RULES } from './flagger.ts';
import { judgeBy, ROLLOUT_GROUNDS } from './judge-by.ts';
import { versionsAsLocked, versionsDiffer } from './rules/versions.ts';

/** Judges a promotion on one of several clusters whose stacks differ in a version. */
export function judgeVersions(timeline: Timeline): Verdict {
  return judgeBy([versionsAsLocked, versionsDiffer, ...PROMOTION_RULES], timeline, ROLLOUT_GROUNDS);
}
