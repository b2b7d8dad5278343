import type { EpochMs, RolloutSpec } from '#harness/core/timeline.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { type Acting, unlessLate } from './on-cluster.ts';

/** What a scenario acts with during a rollout by any controller. */
export interface AnyRolloutAct extends Acting {
  readonly spec: RolloutSpec;
}

/** What a scenario does beside a rollout, whichever controller runs it. */
export interface RolloutExtras {
  /** Once the shop is deployed, before anything is watched. */
  readonly prepared?: (act: AnyRolloutAct) => Promise<void>;
  /** In the steady state, before the release is shipped. */
  readonly steady?: (act: AnyRolloutAct) => Promise<void>;
  /** Takes the place of the end that the specification promises: what to wait for, and how long at most. */
  readonly until?: (spec: RolloutSpec) => TimelineCondition & { readonly deadline_s: number };
  /** After the load has ended. */
  readonly ended?: (act: AnyRolloutAct, from: EpochMs) => Promise<void>;
}

/** Waits as the extras say, else as the scenario itself does. */
export async function settleBy(
  extras: RolloutExtras | undefined,
  { run, spec }: AnyRolloutAct,
  settle: () => Promise<void>,
): Promise<void> {
  const condition = extras?.until?.(spec);
  if (!condition) return await settle();
  await unlessLate(run, () => run.timeline.until(condition, condition.deadline_s, run.signal));
}
