import type { EpochMs } from '#harness/core/timeline.ts';
import { outageMs, type Recovery, recoveryPointMs, recoveryTimeMs } from '../model/recovery/recovery.ts';
import type { RecoveryStep } from '../model/recovery/steps.ts';

/** A recovery for programs. Times are seconds from the loss; what was not recorded is `null`, never 0. */
export interface RecoverySummary {
  readonly lost: string | null;
  readonly recovery_time_s: number | null;
  readonly first_answer_s: number | null;
  readonly steps: readonly {
    readonly id: string;
    readonly state: RecoveryStep['state'];
    readonly began_s: number | null;
    readonly ended_s: number | null;
  }[];
  readonly orders: {
    readonly accepted: number;
    readonly refused: number;
    readonly unanswered: number;
    readonly held: number | null;
    /** Ids of accepted orders that are not held. */
    readonly lost: readonly string[] | null;
    readonly changed: readonly string[] | null;
    /** Ids of orders that are held although their customers were told that they failed. */
    readonly held_though_refused: readonly string[] | null;
  } | null;
  /** Age of the oldest lost order at the loss; 0 where none is lost. */
  readonly recovery_point_s: number | null;
  readonly backups: readonly {
    readonly name: string;
    readonly state: string;
    readonly taken_s: number | null;
  }[];
  /** When the chat off-site was told; `null` where no watch stood there. */
  readonly told: { readonly of_loss_s: number | null; readonly of_end_s: number | null } | null;
  readonly drift: { readonly compared: number; readonly differ: number; readonly may_differ: number } | null;
}

/** The recovery as a value. */
export function recoverySummary(recovery: Recovery): RecoverySummary {
  const { lost, steps, orders, backups, drift, told } = recovery;
  const held = orders?.held;
  const since = (at: EpochMs | undefined): number | null =>
    lost === undefined || at === undefined ? null : seconds(at - lost.at);
  return {
    lost: lost?.what ?? null,
    recovery_time_s: seconds(recoveryTimeMs(recovery)),
    first_answer_s: seconds(outageMs(recovery)),
    steps: steps.map(({ id, state, from, to }) => ({ id, state, began_s: since(from), ended_s: since(to) })),
    orders: orders
      ? {
          accepted: orders.accepted.length,
          refused: orders.refused.length,
          unanswered: orders.unknown.length,
          held: held?.count ?? null,
          lost: held?.lost.map(({ id }) => id) ?? null,
          changed: held?.changed.map(({ order }) => order.id) ?? null,
          held_though_refused: held?.refused.map(({ id }) => id) ?? null,
        }
      : null,
    recovery_point_s: seconds(recoveryPointMs(recovery)),
    told: told ? { of_loss_s: since(told.of_loss_at), of_end_s: since(told.of_end_at) } : null,
    backups: backups.map(({ name, state, taken_at }) => ({ name, state, taken_s: since(taken_at) })),
    drift: drift
      ? { compared: drift.fields, differ: drift.drift.length, may_differ: drift.allowed.length }
      : null,
  };
}

function seconds(value_ms: number | undefined): number | null {
  return value_ms === undefined ? null : Math.round(value_ms) / 1000;
}
