import { allow, driftOf, type JudgedDrift } from '#harness/core/drift.ts';
import { type LossInTime, lossInTime, type OrderFates, orderFates } from '#harness/core/order-fates.ts';
import type { RecoveryExpectation } from '#harness/core/recovery.ts';
import type { EpochMs, Timeline } from '#harness/core/timeline.ts';
import { Facts } from '#harness/judge/facts.ts';
import { outageOf } from '#harness/judge/recovery-facts.ts';
import type { RunFacts } from '../run-facts.ts';
import { type Backup, backupsOf } from './backups.ts';
import { type ContentComparison, contentOf } from './content.ts';
import { type RecoveryStep, stepsOf } from './steps.ts';

/** Two inventories of the cluster, compared. */
export interface DriftReport {
  readonly objects: number;
  readonly fields: number;
  /** Differences that nobody declared. */
  readonly drift: readonly JudgedDrift[];
  /** Those that were declared, with the reason. */
  readonly allowed: readonly JudgedDrift[];
}

/** What a report shows of a recovery. Whatever was not recorded is absent, never nought. */
export interface Recovery {
  readonly expectation: RecoveryExpectation;
  /** What was lost and how; absent where nothing was. */
  readonly lost?: {
    readonly what: string;
    readonly how: string;
    readonly at: EpochMs;
    /** The last good answer, where that came before: then the loss began for users. */
    readonly felt_at: EpochMs;
  };
  readonly steps: readonly RecoveryStep[];
  /** Whether there was a time in which nobody got a good answer; absent where nothing was measured. */
  readonly outage?: 'none' | 'some';
  /** The first good answer after the outage, on the clock of the load; as the steps tell it where nothing was measured. */
  readonly first_answer_at?: EpochMs;
  readonly steady_at?: EpochMs;
  /** The load went on and saw no good answer any more, or none of a steady service. */
  readonly never: { readonly answered: boolean; readonly steady: boolean };
  readonly backups: readonly Backup[];
  readonly orders?: OrderFates;
  readonly loss?: LossInTime;
  readonly drift?: DriftReport;
  readonly content?: ContentComparison;
  /** When the chat off-site was first told of the loss, and of its end; absent where no watch stood there. */
  readonly told?: { readonly of_loss_at?: EpochMs; readonly of_end_at?: EpochMs };
}

/** Reads a recovery; undefined where the run is none. */
export function recoveryOf({ timeline, expectation }: RunFacts): Recovery | undefined {
  if (expectation?.of !== 'recovery') return undefined;
  const lost = timeline.of('recovery', 'destroyed')[0];
  const steps = stepsOf(timeline);
  const orders = orderFates(timeline);
  const loss = orders && lost && lossInTime(orders, lost.at);
  const drift = driftReport(timeline, expectation);
  const content = contentOf(timeline);
  const told = expectation.watch && lost && toldOutside(timeline, lost.at);
  const doneAt = (id: string): EpochMs | undefined =>
    steps.findLast((step) => step.id === id && step.state === 'done')?.to;
  const outage = lost && outageSeen(timeline, lost.at);
  const first_answer_at =
    outage?.first_good_at ?? (outage === undefined ? doneAt('first answer') : undefined);
  const steady = timeline.of('harness', 'steady_state').findLast(({ data }) => data.moment === 'after');
  const called_steady_at = steady === undefined ? doneAt('steady') : steady.data.held ? steady.at : undefined;
  const steady_at = called_steady_at === undefined ? undefined : undisturbedSince(timeline, called_steady_at);
  return {
    expectation,
    ...(lost
      ? {
          lost: {
            ...lost.data,
            at: lost.at,
            felt_at: Math.min(lost.at, outage?.last_good_at ?? lost.at),
          },
        }
      : {}),
    steps,
    ...(outage ? { outage: outage.kind } : {}),
    ...(first_answer_at === undefined ? {} : { first_answer_at }),
    ...(steady_at === undefined ? {} : { steady_at }),
    never: {
      answered: outage?.kind === 'some' && first_answer_at === undefined,
      steady: steady?.data.held === false || (outage?.kind === 'some' && first_answer_at === undefined),
    },
    backups: backupsOf(timeline),
    ...(orders ? { orders } : {}),
    ...(loss ? { loss } : {}),
    ...(drift ? { drift } : {}),
    ...(content ? { content } : {}),
    ...(told ? { told } : {}),
  };
}

function toldOutside(timeline: Timeline, lost_at: EpochMs): NonNullable<Recovery['told']> {
  const messages = timeline
    .of('chat', 'message')
    .filter(({ at, data }) => data.site === 'offsite' && at >= lost_at);
  const of_loss = messages.find(({ data }) => data.severity !== 'good');
  const of_end = messages.find(({ data }) => data.severity === 'good');
  return { ...(of_loss ? { of_loss_at: of_loss.at } : {}), ...(of_end ? { of_end_at: of_end.at } : {}) };
}

/** Reports show what there is: where no load was measured, nobody can tell. */
function outageSeen(
  timeline: Timeline,
  lost_at: EpochMs,
):
  | { readonly kind: 'none' | 'some'; readonly last_good_at?: EpochMs; readonly first_good_at?: EpochMs }
  | undefined {
  if (!timeline.of('load', 'second').some(({ at }) => at > lost_at)) return undefined;
  try {
    const outage = outageOf(new Facts(timeline), lost_at);
    if (outage === undefined) return { kind: 'none' };
    return { ...outage, kind: 'some' };
  } catch {
    return undefined;
  }
}

/** Whoever was called steady and then failed was not: the last bad answer is the moment. */
function undisturbedSince(timeline: Timeline, at: EpochMs): EpochMs {
  return timeline
    .of('load', 'second')
    .flatMap(({ data }) => data.series)
    .filter(({ bad, last_at }) => bad && last_at > at)
    .reduce((latest, { last_at }) => Math.max(latest, last_at), at);
}

function driftReport(timeline: Timeline, { may_differ }: RecoveryExpectation): DriftReport | undefined {
  const inventories = timeline.of('recovery', 'inventory').map(({ data }) => data);
  const before = inventories.findLast(({ moment }) => moment === 'before');
  const after = inventories.findLast(({ moment }) => moment === 'after');
  if (!before || !after) return undefined;
  const judged = allow(driftOf(before, after), may_differ).drift;
  return {
    objects: before.objects.length,
    fields: before.objects.reduce((sum, { fields }) => sum + Object.keys(fields).length, 0),
    drift: judged.filter(({ why }) => why === undefined),
    allowed: judged.filter(({ why }) => why !== undefined),
  };
}

/** From the loss, as users felt it, to the steady state under load that nothing disturbed any more, in ms. */
export function recoveryTimeMs({ lost, steady_at }: Recovery): number | undefined {
  return lost === undefined || steady_at === undefined ? undefined : steady_at - lost.felt_at;
}

/** From the loss to the first good answer, in ms. */
export function outageMs({ lost, first_answer_at }: Recovery): number | undefined {
  return lost === undefined || first_answer_at === undefined ? undefined : first_answer_at - lost.at;
}

/** How far back before the loss the first order that is lost was accepted, in ms; 0 where none is lost. */
export function recoveryPointMs({ lost, loss }: Recovery): number | undefined {
  if (lost === undefined || loss === undefined) return undefined;
  return loss.oldest_lost_at === undefined ? 0 : Math.max(lost.at - loss.oldest_lost_at, 0);
}
