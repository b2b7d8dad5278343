import type { WatchExpectation } from '../recovery.ts';
import { OFFSITE_OBSERVERS } from '../recovery.ts';
import type { ChatMessageData, EpochMs } from '../timeline.ts';
import { adding, type Alteration } from './altered.ts';
import { observer, START_AT, type Timed } from './synthetic-parts.ts';
import { DESTROYED_AT, type SyntheticRecoveryOptions } from './synthetic-recovery.ts';

/** What the watch off-site of a synthetic rebuild does wrong; nothing by default. All times are seconds. */
export interface SyntheticWatchOptions {
  /** From the destruction to the first good answer, as in the rebuild. Default 60. */
  readonly away_s?: number;
  /** The rule fires so long after the loss; `never` for one that asks for something else. Default 7. */
  readonly fires_after_s?: number | 'never';
  /** It ends so long after the first good answer. Default 2; `never` for one that goes on. */
  readonly ends_after_s?: number | 'never';
  /** From there to the message: of the loss, and of its end. Default 1 and 3. */
  readonly told_after_s?: number;
  readonly told_of_end_after_s?: number;
  /** How often the chat takes each message; 0 for a chat that takes none any more. Default 1. */
  readonly messages?: number;
  readonly messages_of_end?: number;
  /** A message about another alert, so many seconds after the loss; none when absent. */
  readonly other_at_s?: number;
  /** The observers end so many seconds after the first good answer. Default 25. */
  readonly watched_s?: number;
}

export const SYNTHETIC_WATCH: WatchExpectation = {
  alert: 'ClusterGone',
  scrape_interval_s: 1,
  evaluation_interval_s: 1,
  for_s: 5,
  group_wait_s: 1,
  group_interval_s: 5,
};

/** Declares the watch, and that no alert of the cluster itself fires. */
export const WATCHED: SyntheticRecoveryOptions = {
  expectation: { watch: SYNTHETIC_WATCH, alerts: [SYNTHETIC_WATCH.alert] },
  fired: [],
};

const NAMESPACE = 'shop-demo';
const LABELS = { alertname: SYNTHETIC_WATCH.alert, namespace: NAMESPACE, severity: 'critical' };

function message(at: EpochMs, name: string, severity: ChatMessageData['severity']): Timed {
  const status = severity === 'good' ? 'resolved' : 'firing';
  return {
    at,
    source: 'chat',
    kind: 'message',
    subject: `Alert/${name}`,
    data: {
      sender: 'alertmanager',
      channel: 'off-site',
      text: `[${status.toUpperCase()}]\n${name}: nobody is served`,
      severity,
      fields: { status },
      site: 'offsite',
    },
  };
}

function alertAt(at: EpochMs, state: 'firing' | 'inactive', starts_at: EpochMs): Timed[] {
  const subject = SYNTHETIC_WATCH.alert;
  return [
    { at, source: 'prometheus', kind: 'alert', subject, data: { state, site: 'offsite' } },
    {
      at: at + 300,
      source: 'alertmanager',
      kind: 'alert',
      subject,
      data: {
        state: state === 'firing' ? 'active' : 'resolved',
        starts_at,
        labels: LABELS,
        site: 'offsite',
      },
    },
  ];
}

/** Adds to a synthetic rebuild what the observers of the watch off-site record. */
export function watched(options: SyntheticWatchOptions = {}): Alteration {
  const {
    away_s = 60,
    fires_after_s = 7,
    ends_after_s = 2,
    told_after_s = 1,
    told_of_end_after_s = 3,
  } = options;
  const { messages = 1, messages_of_end = 1, other_at_s, watched_s = 25 } = options;
  const served_at = DESTROYED_AT + away_s * 1000;
  const until = served_at + watched_s * 1000;
  const records: Timed[] = Object.values(OFFSITE_OBSERVERS).flatMap((name) =>
    observer(name, START_AT, until),
  );
  const initial = { state: 'inactive', site: 'offsite' } as const;
  records.push({
    at: START_AT,
    source: 'prometheus',
    kind: 'alert',
    subject: SYNTHETIC_WATCH.alert,
    data: initial,
  });
  if (fires_after_s !== 'never') {
    const fired_at = DESTROYED_AT + fires_after_s * 1000;
    records.push(...alertAt(fired_at, 'firing', fired_at));
    for (let count = 0; count < messages; count += 1) {
      records.push(message(fired_at + told_after_s * 1000 + count, SYNTHETIC_WATCH.alert, 'danger'));
    }
    if (ends_after_s !== 'never') {
      const ended_at = served_at + ends_after_s * 1000;
      records.push(...alertAt(ended_at, 'inactive', fired_at));
      for (let count = 0; count < messages_of_end; count += 1) {
        records.push(message(ended_at + told_of_end_after_s * 1000 + count, SYNTHETIC_WATCH.alert, 'good'));
      }
    }
  }
  if (other_at_s !== undefined) {
    records.push(message(DESTROYED_AT + other_at_s * 1000, 'DiskFull', 'warning'));
  }
  return adding(...records);
}
