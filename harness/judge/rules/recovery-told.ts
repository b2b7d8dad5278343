import { OFFSITE_OBSERVERS, type WatchExpectation } from '#harness/core/recovery.ts';
import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { type RecoveryFacts, recoveryFacts } from '../recovery-facts.ts';
import { rule } from '../rule.ts';
import { secondsText } from '../seconds-text.ts';

type Message = RecordOf<'chat', 'message'>;

/** Time for one message from Alertmanager through the network to the chat, on a machine that is busy with a rebuild. */
const DELIVERY_S = 2;

/** Whole group intervals over which silence after the last message must have been observed. */
export const QUIET_INTERVALS = 2;

/** How much earlier than the first good answer of the load one of the watch's own may be. */
const TOLERANCE_MS = 1_000;

/** Longest time until the watch can have judged what is so now: it waits for an answer as long as between two questions. */
function noticed_s({ scrape_interval_s, evaluation_interval_s }: WatchExpectation): number {
  return 2 * scrape_interval_s + evaluation_interval_s;
}

/** Longest time from the loss until the chat has the message, in seconds. */
export function toldOfLossWithin_s(watch: WatchExpectation): number {
  return noticed_s(watch) + watch.for_s + watch.evaluation_interval_s + watch.group_wait_s + DELIVERY_S;
}

/** Longest time from the first good answer after the loss until the chat has the message of its end, in seconds. */
export function toldOfEndWithin_s(watch: WatchExpectation): number {
  return noticed_s(watch) + watch.group_interval_s + DELIVERY_S;
}

function derivationOf(watch: WatchExpectation): string {
  const noticed = `2 x scrape ${watch.scrape_interval_s} s + evaluation ${watch.evaluation_interval_s} s`;
  return (
    `of the loss: ${noticed} + for ${watch.for_s} s + evaluation + group wait ${watch.group_wait_s} s + ${DELIVERY_S} s; ` +
    `of its end: ${noticed} + group interval ${watch.group_interval_s} s + ${DELIVERY_S} s; ` +
    `then silence for ${QUIET_INTERVALS} x group interval`
  );
}

/** What the rule looks at, and until when it was watched. */
interface Told {
  readonly watch: WatchExpectation;
  readonly lost_at: EpochMs;
  /** When users had good answers again; absent when they never had. */
  readonly served_at?: EpochMs;
  /** Messages of the alert's beginning and of its end, and all others of the chat off-site. */
  readonly of_loss: readonly Message[];
  readonly of_end: readonly Message[];
  readonly others: readonly Message[];
  readonly watched_until: EpochMs;
}

function isEnd({ data }: Message): boolean {
  return data.severity === 'good';
}

/** How long after a moment the first of these came. */
function after(messages: readonly Message[], since: EpochMs | undefined): string {
  const [first] = messages;
  return first && since !== undefined ? secondsText(first.at - since) : 'never';
}

/** @throws MissingEvidence when the chat was not watched throughout, or nobody missed the cluster */
function toldOf(facts: Facts, { expectation, destroyed, outage }: RecoveryFacts): Told {
  const { watch } = expectation;
  if (!watch) throw new MissingEvidence('no watch off-site was declared');
  facts.requireObserver(OFFSITE_OBSERVERS.chat);
  const states = facts.timeline
    .of('harness', 'observer')
    .filter(({ subject }) => subject === OFFSITE_OBSERVERS.chat);
  const began = states.find(({ data }) => data.state === 'started');
  if (!began || began.at > destroyed.at) {
    throw new MissingEvidence('the chat off-site was not watched before the loss');
  }
  if (!outage) throw new MissingEvidence('nobody missed what was lost, so there was nothing to tell');
  const ended = states.findLast(({ data }) => data.state === 'ended');
  const messages = facts.timeline.of('chat', 'message').filter(({ data }) => data.site === 'offsite');
  const about = messages.filter(
    ({ subject, at }) => subject === `Alert/${watch.alert}` && at >= destroyed.at,
  );
  return {
    watch,
    lost_at: destroyed.at,
    ...(outage.first_good_at === undefined ? {} : { served_at: outage.first_good_at }),
    of_loss: about.filter((one) => !isEnd(one)),
    of_end: about.filter(isEnd),
    others: messages.filter((one) => !about.includes(one)),
    watched_until: ended?.at ?? facts.timeline.records.at(-1)?.at ?? destroyed.at,
  };
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** What is wrong with the messages of one sort, of which there must be one. @throws MissingEvidence when it may come yet */
function oneInTime(
  messages: readonly Message[],
  expected: {
    readonly of: string;
    readonly since: EpochMs;
    readonly within_s: number;
    readonly until: EpochMs;
  },
): readonly string[] {
  const { of, since, within_s, until } = expected;
  const [first, ...more] = messages;
  if (!first) {
    if (until - since < within_s * 1000) {
      throw new MissingEvidence(
        `the chat off-site was watched for ${secondsText(until - since)} only after ${of}, and was not told by then`,
      );
    }
    return [`nobody was told of ${of}`];
  }
  const took_ms = first.at - since;
  return [
    ...(more.length > 0 ? [`the chat was told of ${of} ${times(messages.length)}`] : []),
    ...(took_ms > within_s * 1000
      ? [`the chat was told ${secondsText(took_ms)} after ${of}, more than ${within_s} s`]
      : []),
  ];
}

/** What is wrong with the messages of the end, and with the silence after them. */
function endProblems({ watch, served_at, of_end, watched_until }: Told): readonly string[] {
  if (served_at === undefined) {
    return of_end.length > 0 ? ['the chat was told that it is over while nobody was served'] : [];
  }
  const [first] = of_end;
  const early =
    first && first.at < served_at - TOLERANCE_MS
      ? [`the chat was told that it is over ${secondsText(served_at - first.at)} before anybody was served`]
      : [];
  const expected = {
    of: 'the end',
    since: served_at,
    within_s: toldOfEndWithin_s(watch),
    until: watched_until,
  };
  return [...early, ...oneInTime(of_end, expected)];
}

/** @throws MissingEvidence when silence was not observed for long enough to mean something */
function requireSilence({ watch, of_end, watched_until }: Told): void {
  const last = of_end.at(-1);
  const quiet_s = QUIET_INTERVALS * watch.group_interval_s;
  const silent_ms = watched_until - (last?.at ?? watched_until);
  if (silent_ms >= quiet_s * 1000) return;
  throw new MissingEvidence(
    `told once of each, but watched for ${secondsText(silent_ms)} after the last message only, and ${quiet_s} s are needed to know that it stays so`,
  );
}

/** Somebody outside the cluster is told of its loss, once and soon, and of the end of it; of nothing else. */
export const toldOutside = rule(
  'told',
  'the chat off-site is told once of the loss and once of its end, in time, and of nothing else',
  (facts) => {
    const told = toldOf(facts, recoveryFacts(facts));
    const { watch, lost_at, served_at, of_loss, of_end, others, watched_until } = told;
    const of_loss_s = toldOfLossWithin_s(watch);
    const lasted_s = ((served_at ?? watched_until) - lost_at) / 1000;
    if (of_loss.length === 0 && lasted_s < of_loss_s) {
      throw new MissingEvidence(
        `users were away for ${lasted_s.toFixed(1)} s only, which is too short to be told of`,
      );
    }
    const problems = [
      ...oneInTime(of_loss, {
        of: 'the loss',
        since: lost_at,
        within_s: of_loss_s,
        until: watched_until,
      }),
      ...endProblems(told),
      ...others.map(({ subject, at }) =>
        at < lost_at
          ? `the chat was told of ${subject} ${secondsText(lost_at - at)} before the loss`
          : `the chat was told of ${subject}, which nobody expected`,
      ),
    ];
    if (problems.length === 0 && served_at === undefined) {
      throw new MissingEvidence('nobody was served again, so the end could not be told');
    }
    if (problems.length === 0) requireSilence(told);
    const measured = `${after(of_loss, lost_at)} after the loss, ${after(of_end, served_at)} after users were served`;
    return {
      outcome: problems.length === 0 ? 'pass' : 'fail',
      reason: problems.length === 0 ? `told ${measured}, and of nothing else` : problems.join('; '),
      limit: `1 message <= ${of_loss_s} s after the loss, 1 <= ${toldOfEndWithin_s(watch)} s after the first good answer`,
      measured,
      derivation: derivationOf(watch),
      evidence: [...of_loss, ...of_end, ...others].map(({ seq }) => seq),
      items: [...of_loss, ...of_end, ...others].map(
        ({ at, subject, data }) => `${secondsText(at - lost_at)} after the loss: ${subject}: ${data.text}`,
      ),
    };
  },
);
