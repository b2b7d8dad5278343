import type { Drift } from '#harness/core/drift.ts';
import { WHOLE_OBJECT } from '#harness/core/drift.ts';
import type { BackupMethod } from '#harness/core/recovery.ts';
import { formatCount, formatDuration_ms, NO_DATA } from '../format.ts';
import type { Backup } from './backups.ts';
import type { OrderFate } from './order-bins.ts';
import { outageMs, type Recovery, recoveryPointMs, recoveryTimeMs } from './recovery.ts';
import type { RecoveryStep } from './steps.ts';

export const METHOD_WORDS: Readonly<Record<BackupMethod, string>> = {
  wal: 'base backup and write-ahead log',
  dump: 'dump',
};

export const BACKUP_WORDS: Readonly<Record<Backup['state'], string>> = {
  taken: 'not needed',
  restored: 'restored',
  refused: 'refused',
};

export const FATE_WORDS: Readonly<Record<OrderFate, string>> = {
  kept: 'accepted and held',
  accepted: 'accepted',
  unknown: 'no answer',
  refused: 'refused',
  changed: 'held, changed',
  lost: 'accepted and lost',
};

export const STEP_WORDS: Readonly<Record<RecoveryStep['state'], string>> = {
  done: 'done',
  failed: 'failed',
  running: 'never ended',
};

function sideText(value: Drift['before']): string {
  if (value === undefined) return 'not there';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** How the two sides of a difference are shown. */
export function driftSides({ field, before, after }: Drift): {
  readonly field: string;
  readonly before: string;
  readonly after: string;
} {
  return {
    field: field === WHOLE_OBJECT ? 'the whole object' : field,
    before: sideText(before),
    after: sideText(after),
  };
}

/** A figure of a recovery, as every kind of report shows it. */
export interface RecoveryFigure {
  readonly id: 'recovery-time' | 'outage' | 'lost' | 'recovery-point' | 'drift' | 'told';
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

/** When somebody outside the cluster was told of its loss, and of the end of it; nothing where no watch stood there. */
function toldFigure({ told, lost, first_answer_at }: Recovery): readonly RecoveryFigure[] {
  if (told === undefined || lost === undefined) return [];
  const { of_loss_at, of_end_at } = told;
  const end =
    of_end_at === undefined
      ? 'never told of its end'
      : first_answer_at === undefined
        ? 'told of its end'
        : `told of its end ${formatDuration_ms(of_end_at - first_answer_at)} after the first good answer`;
  return [
    {
      id: 'told',
      name: 'Chat off-site told after',
      value: of_loss_at === undefined ? 'never' : formatDuration_ms(of_loss_at - lost.at),
      note: end,
    },
  ];
}

function outageText(recovery: Recovery): string {
  if (recovery.never.answered) return 'never';
  return recovery.outage === 'none' ? 'no outage' : formatDuration_ms(outageMs(recovery));
}

/** What a person asks first, each with what was promised. */
export function recoveryFigures(recovery: Recovery): readonly RecoveryFigure[] {
  const { expectation, orders, drift, never } = recovery;
  const held = orders?.held;
  const point = recoveryPointMs(recovery);
  return [
    {
      id: 'recovery-time',
      name: 'Recovered in',
      value: never.steady ? 'never' : formatDuration_ms(recoveryTimeMs(recovery)),
      note: `from the loss to the steady state; promised ${expectation.recovery_time_s} s, own budget ${expectation.own_budget_s} s`,
    },
    {
      id: 'outage',
      name: 'First good answer after',
      value: outageText(recovery),
      note:
        recovery.outage === 'none'
          ? 'good answers came in every second'
          : 'from the loss, on the clock of the load',
    },
    {
      id: 'lost',
      name: 'Accepted orders lost',
      value: formatCount(held?.lost.length),
      note: held
        ? `of ${formatCount(orders.accepted.length)} accepted`
        : orders
          ? 'nobody looked what the database holds'
          : 'the load remembered no order',
    },
    {
      id: 'recovery-point',
      name: 'Reached back before the loss',
      value: point === undefined ? NO_DATA : formatDuration_ms(point),
      note: `the age of the oldest order that is lost; promised ${expectation.recovery_point_s} s`,
    },
    {
      id: 'drift',
      name: 'Fields that differ',
      value: formatCount(drift?.drift.length),
      note: drift
        ? `of ${formatCount(drift.fields)} in ${formatCount(drift.objects)} objects; ${formatCount(drift.allowed.length)} more may differ`
        : 'the cluster was not recorded both before and after',
    },
    ...toldFigure(recovery),
  ];
}
