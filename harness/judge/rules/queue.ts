import type { ShipmentsData } from '#harness/core/migration.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { courses } from '../migration-facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { disagreements } from '../orders-told.ts';
import { podsOverTime } from '../pods.ts';
import { someOf } from '../recovery-facts.ts';
import { atMost, rule } from '../rule.ts';
import { completeFates } from './recovery-point.ts';

function shipmentsOf(facts: Facts): RecordOf<'database', 'shipments'> {
  const found = facts.timeline.of('database', 'shipments').at(-1);
  if (found) return found;
  throw new MissingEvidence('nobody listed what was shipped');
}

function queueOf(facts: Facts) {
  const { queue } = facts.expectation('migration');
  if (queue) return queue;
  throw new MissingEvidence('no queue was declared');
}

/** @throws MissingEvidence when the consumer was not killed in the middle of its work as often as declared */
function requireKills(facts: Facts): readonly RecordOf<'harness', 'consumer_killed'>[] {
  const { kills } = queueOf(facts);
  const killed = facts.timeline.of('harness', 'consumer_killed');
  if (killed.length < kills)
    throw new MissingEvidence(`the consumer was killed ${killed.length} times, and had to be ${kills} times`);
  if (kills > 0 && killed.every(({ data }) => data.orders === 0))
    throw new MissingEvidence('the consumer was never killed in the middle of a batch');
  return killed;
}

/**
 * Every order that a customer was told is accepted was shipped once, as it was ordered, or waits to be; none that was refused,
 * and none twice, whenever the consumer died or was away.
 */
export const queueOnce = rule(
  'queue-once',
  'what is accepted is carried out once: nothing is lost and nothing doubled',
  (facts) => {
    const killed = requireKills(facts);
    const record = shipmentsOf(facts);
    const { shipped, waiting } = record.data;
    const orders = [...shipped, ...waiting].map(({ id, content_hash }) => ({ id, content_hash }));
    const fates = completeFates(facts, { ...record, data: { orders } });
    const { changed, refused, twice, strangers } = disagreements(facts, fates.held, orders);
    const problems = [
      ...fates.held.lost.map(({ id }) => `${id} was accepted, and was neither shipped nor waits to be`),
      ...twice,
      ...changed,
      ...refused,
      ...strangers,
    ];
    const middle = killed.filter(({ data }) => data.orders > 0);
    const deaths =
      killed.length === 0
        ? ''
        : `; the consumer was killed ${killed.length} times, ${middle.length} of them in the middle of a batch (${middle.map(({ data }) => data.orders).join(', ')} orders)`;
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason:
        problems.length === 0
          ? `${fates.accepted.length} orders were accepted, ${shipped.length} shipped once each, and ${waiting.length} wait${deaths}`
          : `${fates.held.lost.length} lost, ${twice.length} doubled: ${someOf(problems)}${deaths}`,
      limit: '0 orders lost, doubled, changed or shipped without a customer',
      measured: `${fates.held.lost.length} lost, ${twice.length} doubled, ${changed.length} changed, ${refused.length} refused but shipped, ${strangers.length} never placed`,
      evidence: [record.seq, ...killed.map(({ seq }) => seq), ...fates.seqs],
      items: problems,
    };
  },
);

/** A time in which no pod of the consumer was ready. */
interface Away {
  readonly from: EpochMs;
  /** Undefined when none was ready again. */
  readonly until: EpochMs | undefined;
  readonly seq: number;
}

/** When no pod of the consumer was ready, by the watch. */
function timesAway(facts: Facts): readonly Away[] {
  const { namespace } = facts.expectation('migration');
  const { consumer } = queueOf(facts);
  const found: Away[] = [];
  let was_ready = false;
  for (const { record, there } of podsOverTime(facts.timeline, namespace)) {
    const ready = [...there].some(
      ([pod, { data }]) =>
        pod.startsWith(`Pod/${namespace}/${consumer}-`) &&
        data.fields.ready === true &&
        data.fields.terminating !== true,
    );
    const last = found.at(-1);
    if (was_ready && !ready) found.push({ from: record.at, until: undefined, seq: record.seq });
    else if (!was_ready && ready && last) found[found.length - 1] = { ...last, until: record.at };
    was_ready = ready;
  }
  return found;
}

/** The orders that were placed before a moment and were not shipped by then. */
function backlogAt({ shipped, waiting }: ShipmentsData, moment: EpochMs): number {
  const late = shipped.filter(({ placed_at, shipped_at }) => placed_at <= moment && shipped_at > moment);
  return late.length + waiting.filter(({ placed_at }) => placed_at <= moment).length;
}

/**
 * What had come in while the consumer was away for the deployment was shipped within the time that its capacity allows once it
 * was ready again, by the times that stand beside each order.
 */
export const queueDrained = rule(
  'queue-drained',
  'what came in while the consumer was away is carried out soon after it is back',
  (facts) => {
    facts.requireObserver('kubernetes');
    const { rate_per_s, capacity_per_s, begin_s, consumer } = queueOf(facts);
    const record = shipmentsOf(facts);
    const { shipped, waiting } = record.data;
    const begun = courses(facts).find((one) => one.begun)?.begun;
    if (!begun) throw new MissingEvidence('no migration began while the consumer was away');
    const away = timesAway(facts).find(
      ({ from, until }) => from <= begun.at && (until === undefined || until > begun.at),
    );
    if (!away) throw new MissingEvidence('the consumer was not away when the migration began');
    const { from, until } = away;
    if (until === undefined) {
      return {
        outcome: 'fail',
        reason: `no pod of ${consumer} was ready again after ${((record.at - from) / 1000).toFixed(1)} s, and ${waiting.length} orders wait`,
        limit: 'ready again',
        measured: `${waiting.length} orders wait`,
        evidence: [away.seq, record.seq],
      };
    }
    const away_s = (until - from) / 1000;
    const budget_s = begin_s + (away_s * rate_per_s) / (capacity_per_s - rate_per_s);
    const backlog = backlogAt(record.data, until);
    if (backlog === 0) throw new MissingEvidence('nothing had come in while the consumer was away');
    const owed = shipped.filter(({ placed_at }) => placed_at <= until);
    const drained_s = Math.max(0, ...owed.map(({ shipped_at }) => (shipped_at - until) / 1000));
    const left = waiting.filter(({ placed_at }) => placed_at <= until).length;
    const longest_s = Math.max(
      ...shipped.map(({ placed_at, shipped_at }) => (shipped_at - placed_at) / 1000),
    );
    const problems = [
      ...(left > 0 ? [`${left} orders from before it was back still wait`] : []),
      ...(drained_s > budget_s
        ? [`the last of them was shipped ${(drained_s - budget_s).toFixed(1)} s too late`]
        : []),
    ];
    const told = `${backlog} orders had come in during ${away_s.toFixed(1)} s without a consumer, and were shipped ${drained_s.toFixed(1)} s after it was back; the longest wait of any order was ${longest_s.toFixed(1)} s`;
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason: [...problems, told].join('; '),
      limit: atMost(budget_s, 's'),
      measured: `${drained_s.toFixed(1)} s`,
      derivation: `${begin_s} s to begin, and ${away_s.toFixed(1)} s x ${rate_per_s}/s at ${capacity_per_s} - ${rate_per_s} orders a second`,
      evidence: [away.seq, record.seq],
    };
  },
);
