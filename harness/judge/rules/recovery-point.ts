import { lossInTime, type HeldFates, type OrderFates, orderFates } from '#harness/core/order-fates.ts';
import type { HeldOrdersData, PlacedOrderFact } from '#harness/core/recovery.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { recoveryFacts, type RecoveryFacts, someOf } from '../recovery-facts.ts';
import { type Finding, rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

/** Route by which orders are placed. */
const ROUTE = '/orders';

/** The kill of a part takes a moment, in which it still answers, in ms: such answers belong to the time before. */
const DYING_MS = 2_000;

/** When a lost order had been answered. */
type When = 'before' | 'too early' | 'meanwhile' | 'given up' | 'after';

/** What the database holds, and when it was asked. */
interface HeldRecord {
  readonly seq: number;
  readonly at: EpochMs;
  readonly data: HeldOrdersData;
}

/**
 * What customers and the database know. @throws MissingEvidence when one of them was not asked, or not about everything
 * @param record what the database holds, where it is not what the shop lists
 */
export function completeFates(
  facts: Facts,
  record: HeldRecord | undefined = facts.timeline.of('database', 'held_orders').at(-1),
): OrderFates & { readonly held: HeldFates; readonly seqs: readonly number[] } {
  const { timeline } = facts;
  const fates = orderFates(timeline, record?.data.orders);
  if (!fates || fates.accepted.length === 0)
    throw new MissingEvidence('the load remembers no accepted order');
  const { held } = fates;
  if (!held || !record) throw new MissingEvidence('nobody listed the orders that the database holds');
  const answered = facts
    .series(({ route, status }) => route === ROUTE && status >= 200 && status < 300)
    .reduce((sum, { series }) => sum + series.count, 0);
  if (fates.accepted.length < answered) {
    throw new MissingEvidence(
      `the load remembers ${fates.accepted.length} of ${answered} orders that were answered: the others may be lost without being missed`,
    );
  }
  const later = fates.accepted.filter(({ at }) => at > record.at);
  if (later.length > 0) {
    throw new MissingEvidence(
      `${later.length} orders were accepted after the database was asked what it holds`,
    );
  }
  const seqs = [
    ...timeline
      .of('load', 'orders')
      .map(({ seq }) => seq)
      .slice(-3),
    record.seq,
  ];
  return { ...fates, held, seqs };
}

function whenOf({ at }: PlacedOrderFact, { expectation, destroyed, steps }: RecoveryFacts): When {
  const restore = steps.find(({ name }) => name === 'restore');
  const back_at = restore?.to ?? destroyed.at + DYING_MS;
  if (at > Math.max(back_at, destroyed.at)) return 'after';
  if (at < destroyed.at - expectation.recovery_point_s * 1000) return 'too early';
  if (at <= destroyed.at) return 'before';
  if (expectation.point_in_time) return 'given up';
  return at <= destroyed.at + DYING_MS ? 'before' : 'meanwhile';
}

const WORDS: Readonly<Record<When, string>> = {
  before: 'within the recovery point',
  'given up': 'after the moment that was restored, as declared',
  'too early': 'before the recovery point',
  meanwhile: 'after the destruction and before the restore',
  after: 'AFTER the rebuild',
};

function lineOf({ id, at }: PlacedOrderFact, when: When, destroyed_at: number): string {
  const age_ms = destroyed_at - at;
  return `${id}: accepted ${secondsText(Math.abs(age_ms))} ${age_ms >= 0 ? 'before' : 'after'} the destruction (${WORDS[when]})`;
}

function measuredOf(fates: OrderFates & { readonly held: HeldFates }, destroyed_at: number): string {
  const loss = lossInTime(fates, destroyed_at);
  if (!loss) throw new MissingEvidence('no order was accepted before the destruction');
  const { newest_accepted_at, newest_kept_at } = loss;
  const kept =
    newest_kept_at === undefined
      ? 'none kept'
      : `newest kept ${secondsText(destroyed_at - newest_kept_at)} before`;
  return `${fates.held.lost.length} lost; newest accepted ${secondsText(destroyed_at - newest_accepted_at)} before the destruction, ${kept}`;
}

/** Accepted orders that the database does not hold are listed, and are no older than the backups allow. */
export const recoveryPoint = rule(
  'recovery-point',
  'no accepted order is lost but those that the backups allow, and each of these is listed',
  (facts): Finding => {
    const found = recoveryFacts(facts);
    const { expectation, destroyed } = found;
    const { recovery_point_s, backup, point_in_time } = expectation;
    const fates = completeFates(facts);
    const measured = measuredOf(fates, destroyed.at);
    const lost = fates.held.lost.map((order) => ({ order, when: whenOf(order, found) }));
    const broken = lost.filter(
      ({ when }) => when === 'too early' || when === 'meanwhile' || when === 'after',
    );
    const line = ({ order, when }: (typeof lost)[number]): string => lineOf(order, when, destroyed.at);
    const since = fates.accepted.filter(({ at }) => at > destroyed.at + DYING_MS).length;
    const first = lost[0];
    const oldest = first ? `, the oldest ${lineOf(first.order, first.when, destroyed.at)}` : '';
    const common = {
      limit: `<= ${recovery_point_s.toFixed(1)} s before the destruction${point_in_time ? ', and what came after it' : ''}; nothing after the rebuild`,
      measured,
      derivation: `${backup === 'wal' ? 'the archive of the write-ahead log' : 'the interval of the dumps'} allows ${recovery_point_s} s, by the time of the answer`,
      evidence: [destroyed.seq, ...fates.seqs],
      items: lost.map(line),
    };
    if (broken.length > 0) {
      return {
        outcome: 'fail',
        reason: `${broken.length} accepted orders are lost that had to survive: ${someOf(broken.map(line))}`,
        ...common,
      };
    }
    if (since === 0) {
      return { outcome: 'inconclusive', reason: 'no order was accepted after the rebuild', ...common };
    }
    return {
      outcome: 'pass',
      reason: `${fates.held.kept.length} of ${fates.accepted.length} accepted orders are there, ${since} of them accepted after the loss; ${lost.length} are lost${oldest}`,
      ...common,
    };
  },
);
