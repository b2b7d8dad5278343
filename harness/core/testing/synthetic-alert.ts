import type { AlertExpectation } from '../expectation.ts';
import type { EpochMs, TimelineRecord } from '../timeline.ts';
import {
  type Answers,
  load,
  numbered,
  object,
  observer,
  phase,
  START_AT,
  steady,
  type Timed,
} from './synthetic-parts.ts';

/** What goes wrong in a synthetic run of an alert; nothing by default. All times are seconds. */
export interface SyntheticAlertOptions {
  readonly cause?: AlertExpectation['cause'];
  /** From the cause to firing; `never` stays pending. Default 66, and 34 for a crash loop. */
  readonly fires_after_s?: number | 'never';
  /** Messages of each way while it fires, and of its end. Default 1. */
  readonly messages?: number;
  readonly messages_of_end?: number;
  /** From firing to the first message. Default 1. */
  readonly told_after_s?: number;
  /** Metrics that the alert's rule reads and that do not exist. Default none. */
  readonly missing?: readonly string[];
  /** From the end of the cause until it is inactive; `never` fires on. Default 12. */
  readonly ends_after_s?: number | 'never';
  /** Share of bad answers while the cause lasts. Default 50. */
  readonly bad_pct?: number;
  /** How long the cause lasts. Default 110. */
  readonly lasts_s?: number;
  /** How long the run is watched after the cause ended. Default 50. */
  readonly watched_s?: number;
}

const NAMESPACE = 'shop-demo';
const RATE = 300;
const BEFORE_S = 8;

const EXPECTATIONS: Readonly<Record<AlertExpectation['cause'], AlertExpectation>> = {
  'bad-answers': {
    of: 'alert',
    name: 'ShopErrorRatio',
    namespace: NAMESPACE,
    cause: 'bad-answers',
    threshold_pct: 2,
    bad_answers_pct: 50,
    window_s: 10,
    for_s: 60,
    scrape_interval_s: 2,
    evaluation_interval_s: 2,
    group_wait_s: 1,
    group_interval_s: 5,
  },
  'crash-loop': {
    of: 'alert',
    name: 'PodCrashLooping',
    namespace: NAMESPACE,
    cause: 'crash-loop',
    window_s: 10,
    for_s: 30,
    scrape_interval_s: 2,
    evaluation_interval_s: 2,
    group_wait_s: 1,
    group_interval_s: 5,
  },
};

function repeated<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A made-up record of a run in which something bad is shipped, an alert fires, and a good release mends it. */
export function syntheticAlert(options: SyntheticAlertOptions = {}): TimelineRecord[] {
  const { cause = 'bad-answers', bad_pct = 50, lasts_s = 110, watched_s = 50 } = options;
  const { messages = 1, messages_of_end = 1, told_after_s = 1, ends_after_s = 12 } = options;
  const expected = EXPECTATIONS[cause];
  const fires_after_s = options.fires_after_s ?? expected.for_s + (cause === 'bad-answers' ? 6 : 4);
  const act_at = START_AT + BEFORE_S * 1000;
  const from = act_at + 4_000;
  const to = from + lasts_s * 1000;
  const until = to + watched_s * 1000;
  const subject = expected.name;
  const state = (at: EpochMs, of: 'inactive' | 'pending' | 'firing'): Timed => ({
    at,
    source: 'prometheus',
    kind: 'alert',
    subject,
    data: { state: of },
  });
  const said = (at: EpochMs, severity: 'danger' | 'good', text: string): Timed => ({
    at,
    source: 'chat',
    kind: 'message',
    subject: `Alert/${subject}`,
    data: {
      sender: 'alertmanager',
      channel: 'alerts',
      dialect: 'alertmanager-webhook',
      text,
      severity,
      fields: { alertname: subject, namespace: NAMESPACE },
    },
  });
  const fired_at = fires_after_s === 'never' ? undefined : from + fires_after_s * 1000;
  const ended_at = fired_at === undefined || ends_after_s === 'never' ? undefined : to + ends_after_s * 1000;
  const fails = cause === 'bad-answers' ? Math.round((RATE * bad_pct) / 100) : 0;
  const answers = (at: EpochMs): Answers[] => {
    const failing = at >= from && at < to ? fails : 0;
    return [
      { release: failing > 0 ? 'v2' : 'v1', count: RATE - failing },
      { release: 'v2', count: failing, bad: true },
    ];
  };
  const pod = `Pod/${NAMESPACE}/shop-5d`;
  const crashing = { phase: 'Running', ready: false, release: 'v2' };
  const crashes: Timed[] =
    cause === 'crash-loop'
      ? [
          object(act_at + 500, pod, 'added', { ...crashing, restarts: 0 }),
          object(from, pod, 'modified', { ...crashing, restarts: 1, waiting: 'CrashLoopBackOff' }),
          object(to, pod, 'deleted', { ...crashing, restarts: 4 }),
        ]
      : [];
  return numbered([
    { at: START_AT, source: 'harness', kind: 'expectation', subject: `Alert/${subject}`, data: expected },
    ...['kubernetes', 'prometheus', 'chat'].flatMap((one) => observer(one, START_AT, until + 100)),
    ...load(START_AT, (until - START_AT) / 1000, answers),
    steady(act_at - 10, 'before'),
    ...phase('trouble', act_at, to),
    ...crashes,
    {
      at: act_at - 5,
      source: 'prometheus',
      kind: 'rule',
      subject,
      data: { expression: 'failures > 1', missing: options.missing ?? [] },
    },
    state(START_AT, 'inactive'),
    state(from + 5_000, 'pending'),
    ...(fired_at === undefined ? [] : [state(fired_at, 'firing')]),
    ...(fired_at === undefined
      ? []
      : repeated(messages, (index) =>
          said(fired_at + (told_after_s + index * 5) * 1000, 'danger', '[FIRING:1]'),
        )),
    ...(ended_at === undefined ? [] : [state(ended_at, 'inactive')]),
    ...(ended_at === undefined
      ? []
      : repeated(messages_of_end, (index) => said(ended_at + (2 + index * 5) * 1000, 'good', '[RESOLVED]'))),
    steady(until, 'after'),
  ]);
}
