import type { AlertExpectation } from '#harness/core/expectation.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';

/** Prometheus hands changed targets to its scrapers every 5 s (discovery/manager.go, updatert). */
const DISCOVERY_S = 5;

/** The observer asks once a second, and an answer takes a moment. */
const READING_S = 1.5;

/** Time for one message from Alertmanager through the network to the chat. */
const DELIVERY_S = 2;

/** Whole group intervals over which silence after a message must have been observed. */
export const QUIET_INTERVALS = 3;

/** Time from a change at the clients until a rule of Prometheus can first show it at the latest, in seconds. */
function noticed_s(alert: AlertExpectation): number {
  return DISCOVERY_S + 2 * alert.scrape_interval_s + alert.window_s + alert.evaluation_interval_s;
}

/**
 * When an alert must fire, in seconds from its cause: not before `for` is over, and at the latest when the change was
 * discovered, scraped twice, has filled the window and was evaluated, and `for` was over at the next evaluation.
 */
export function firingSpan_s(alert: AlertExpectation): { readonly from_s: number; readonly to_s: number } {
  const to_s = noticed_s(alert) + alert.for_s + alert.evaluation_interval_s + READING_S;
  return { from_s: alert.for_s, to_s };
}

/** Longest time from the end of the cause until the alert is inactive, in seconds. */
export function resolvedWithin_s(alert: AlertExpectation): number {
  return noticed_s(alert) + READING_S;
}

/** Longest time from firing until the chat has the message, in seconds. */
export function toldWithin_s(alert: AlertExpectation): number {
  return alert.group_wait_s + alert.evaluation_interval_s + DELIVERY_S;
}

/** Longest time from the end of the alert until the chat has the message, in seconds. */
export function toldOfEndWithin_s(alert: AlertExpectation): number {
  return alert.group_interval_s + alert.evaluation_interval_s + DELIVERY_S;
}

/** First and last moment at which what the alert watches was so. */
export interface Cause {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly evidence: readonly number[];
  /** `the first bad answer`. */
  readonly name: string;
}

/**
 * What clients and watchers saw of the alert's cause, independently of Prometheus.
 * @throws MissingEvidence when they saw nothing of it
 */
export function causeOf(facts: Facts, alert: AlertExpectation): Cause {
  return alert.cause === 'bad-answers' ? badAnswers(facts) : crashLoop(facts, alert);
}

function badAnswers(facts: Facts): Cause {
  const begun = facts.act_began.at;
  const bad = facts.series((series) => series.bad && series.first_at >= begun);
  const [first] = bad;
  if (!first) throw new MissingEvidence('clients met no bad answer');
  const last = bad.reduce((left, right) => (right.series.last_at > left.series.last_at ? right : left));
  const from = Math.min(...bad.map(({ series }) => series.first_at));
  return { from, to: last.series.last_at, evidence: [first.seq, last.seq], name: 'the first bad answer' };
}

/** From the first time that the kubelet waited before a restart until the last pod that crashed is gone or well. */
function crashLoop(facts: Facts, alert: AlertExpectation): Cause {
  facts.requireObserver('kubernetes');
  const begun = facts.act_began.at;
  const pods = facts.timeline
    .of('kubernetes', 'object')
    .filter((record) => record.subject.startsWith(`Pod/${alert.namespace}/`) && record.at >= begun);
  const waiting = pods.filter((record) => record.data.fields.waiting === 'CrashLoopBackOff');
  const [first] = waiting;
  if (!first) throw new MissingEvidence('no container was seen to crash again and again');
  const last = pods.findLast((record) => waiting.some((one) => one.subject === record.subject)) ?? first;
  return { from: first.at, to: last.at, evidence: [first.seq, last.seq], name: 'the first crash loop' };
}

/** States of the alert in Prometheus after the act. @throws MissingEvidence when nobody read them */
export function statesOf(facts: Facts, alert: AlertExpectation): readonly RecordOf<'prometheus', 'alert'>[] {
  facts.requireObserver('prometheus');
  const all = facts.timeline.of('prometheus', 'alert').filter((record) => record.subject === alert.name);
  if (all.length === 0) throw new MissingEvidence(`the state of alert ${alert.name} was never read`);
  return all.filter((record) => record.at >= facts.act_began.at);
}

/** Messages about the alert after the act: of its beginning, and of its end. */
export function messagesOf(
  facts: Facts,
  alert: AlertExpectation,
): {
  readonly firing: readonly RecordOf<'chat', 'message'>[];
  readonly resolved: readonly RecordOf<'chat', 'message'>[];
} {
  facts.requireObserver('chat');
  const about = facts.timeline
    .of('chat', 'message')
    .filter((record) => record.subject === `Alert/${alert.name}` && record.at >= facts.act_began.at);
  return {
    firing: about.filter((record) => record.data.severity !== 'good'),
    resolved: about.filter((record) => record.data.severity === 'good'),
  };
}

/** Messages by the way they took: a team that has two receivers is told twice, once by each. */
export function byWay(
  messages: readonly RecordOf<'chat', 'message'>[],
): ReadonlyMap<string, readonly RecordOf<'chat', 'message'>[]> {
  return Map.groupBy(messages, ({ data }) => `${data.sender} in ${data.channel}`);
}
