import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import type { RunningLoad } from '#harness/load/running.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { type Acting, unlessLate } from './on-cluster.ts';

/** What a scenario acts with during a rollout by any controller. */
export interface AnyRolloutAct extends Acting {
  readonly spec: RolloutSpec;
}

/** What a scenario acts with once the load runs. */
export interface LoadedAct extends AnyRolloutAct {
  readonly load: RunningLoad;
  /** Ships a document of `fixtures/releases` under the name of a release. */
  readonly ship: (document: string, release: string) => Promise<void>;
}

/** When something is done during a rollout: at a record of the timeline, never after a time. */
export type When = (spec: RolloutSpec) => TimelineCondition & { readonly deadline_s: number };

/** An act that is timed to a moment of the rollout. */
export interface Moment {
  /** Name of its phase in the timeline. */
  readonly name: string;
  /** What is done, as the person who waits reads it. */
  readonly title: string;
  readonly when: When;
  /** What it returns is given back when the rollout has settled. */
  readonly act: (act: LoadedAct) => Promise<AsyncDisposable | void>;
}

/** What a scenario does beside a rollout, whichever controller runs it. */
export interface RolloutExtras {
  /** Each order is put into the timeline as its customer remembers it. */
  readonly remember_orders?: boolean;
  /** Once the shop is deployed, before anything is watched; what it returns is given back at the end. */
  readonly prepared?: (act: AnyRolloutAct) => Promise<AsyncDisposable | void>;
  /** In the steady state, before the release is shipped. */
  readonly steady?: (act: LoadedAct) => Promise<AsyncDisposable | void>;
  /** One after the other, beside the wait for the end. */
  readonly during?: readonly Moment[];
  /** Takes the place of the end that the specification promises: what to wait for, and how long at most. */
  readonly until?: When;
  /** After the rollout has settled, while the load still runs. */
  readonly settled?: (act: LoadedAct) => Promise<void>;
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

/**
 * Carries out the acts of a rollout, each at its moment. One whose moment does not come in time ends them: its phase is
 * never done, and the rules say what that means.
 */
export async function actDuring(extras: RolloutExtras | undefined, act: LoadedAct): Promise<AsyncDisposable> {
  await using given = new AsyncDisposableStack();
  const { run, spec } = act;
  for (const { name, title, when, act: carryOut } of extras?.during ?? []) {
    const condition = when(spec);
    let came = false;
    await unlessLate(run, async () => {
      await run.timeline.until(condition, condition.deadline_s, run.signal);
      came = true;
    });
    if (!came) break;
    await run.phase(name, title, async () => {
      const taken = await carryOut(act);
      if (taken) given.use(taken);
    });
  }
  return given.move();
}
