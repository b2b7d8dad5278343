import type { VerdictDocument } from '#harness/core/run-meta.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import { type Standing, standingOfRun } from '#harness/core/verdict.ts';
import { outageMs, recoveryOf, recoveryPointMs, recoveryTimeMs } from '../model/recovery/recovery.ts';
import { factsOf } from '../model/run-facts.ts';

/** A step of one recovery, in seconds from the loss. */
export interface RecoveredStep {
  readonly id: string;
  readonly label: string;
  readonly began_s: number;
  /** Undefined where it was not done. */
  readonly ended_s: number | undefined;
}

/** What the table of times takes from one recovery; undefined is what was not recorded. */
export interface RecoveredRun {
  readonly scenario: string;
  readonly run_id: string;
  readonly title: string;
  readonly ended_at: number;
  readonly standing: Standing;
  readonly steps: readonly RecoveredStep[];
  readonly recovered_s: number | undefined;
  readonly first_answer_s: number | undefined;
  readonly lost_orders: number | undefined;
  readonly recovery_point_s: number | undefined;
}

function seconds(value_ms: number | undefined): number | undefined {
  return value_ms === undefined ? undefined : value_ms / 1000;
}

/** Reads a recovery; undefined for any other run, and for one that was broken on purpose to be noticed. */
export function recoveredRunOf(timeline: Timeline, verdict: VerdictDocument): RecoveredRun | undefined {
  const recovery = recoveryOf(factsOf(timeline));
  if (!recovery?.lost || verdict.seeded_defect !== undefined) return undefined;
  const lost_at = recovery.lost.at;
  return {
    scenario: verdict.scenario,
    run_id: verdict.run_id,
    title: verdict.title,
    ended_at: verdict.ended_at,
    standing: standingOfRun(verdict),
    steps: recovery.steps.map(({ id, label, from, to, state }) => ({
      id,
      label,
      began_s: (from - lost_at) / 1000,
      ended_s: to === undefined || state !== 'done' ? undefined : (to - lost_at) / 1000,
    })),
    recovered_s: seconds(recoveryTimeMs(recovery)),
    first_answer_s: seconds(outageMs(recovery)),
    lost_orders: recovery.orders?.held?.lost.length,
    recovery_point_s: seconds(recoveryPointMs(recovery)),
  };
}
