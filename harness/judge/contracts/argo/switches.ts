import type { EpochMs } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { lastAt, numberOf, type ObjectRecord, setsOf, statesOf } from './course.ts';

/** One moment of a blue/green rollout. */
export interface Stage {
  readonly name: string;
  readonly at: EpochMs;
  readonly seq: number;
}

/** When users were first given the judged release. @throws MissingEvidence when they never were */
export function firstSwitch(facts: Facts): Stage {
  facts.requireObserver('gateway');
  const period = facts.weight_periods.find(
    ({ from, canary_pct }) => canary_pct === 100 && from >= facts.shipped.at,
  );
  if (!period) throw new MissingEvidence('users were never switched to the release');
  return { name: 'switch', at: period.from, seq: period.seq };
}

/** The end of the first rollout of the judged release: when it was made stable. @throws MissingEvidence when it never was */
export function firstStable(facts: Facts): ObjectRecord {
  const hash = setsOf(facts, facts.argo.next_release)[0]?.data.fields['hash'];
  const stable = statesOf(facts).find(
    ({ at, data }) => at >= facts.shipped.at && data.fields['stable'] === hash,
  );
  if (!stable) throw new MissingEvidence('the release was never made stable');
  return stable;
}

/** How many pods of a release were available, and asked for, at a moment. */
export function sizeAt(facts: Facts, release: string, at: EpochMs): { available: number; replicas: number } {
  const set = lastAt(setsOf(facts, release), at);
  return { available: numberOf(set, 'available'), replicas: numberOf(set, 'replicas') };
}
