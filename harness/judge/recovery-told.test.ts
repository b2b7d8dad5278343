import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adding, type Alteration } from '#harness/core/testing/altered.ts';
import { DESTROYED_AT, syntheticRecovery } from '#harness/core/testing/synthetic-recovery.ts';
import {
  SYNTHETIC_WATCH,
  type SyntheticWatchOptions,
  WATCHED,
  watched,
} from '#harness/core/testing/synthetic-watch.ts';
import { type RecordOf, Timeline } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { toldOfEndWithin_s, toldOfLossWithin_s } from './rules/recovery-told.ts';
import { complaints, removed, ruleOf, rulesOf } from './testing/recovery-run.ts';

const found = (options: SyntheticWatchOptions, ...changes: readonly Alteration[]): readonly string[] =>
  complaints(WATCHED, watched(options), ...changes);

/** Messages that nobody marked as those of off-site. */
const unmarked: Alteration = (records) =>
  records.map((one) => {
    if (one.source !== 'chat') return one;
    const { site: _site, ...data } = one.data;
    return { ...one, data };
  });

type Observer = RecordOf<'harness', 'observer'>;

/** Changes what is known of the observer of the chat off-site. */
const ofChat =
  (change: (record: Observer) => Observer): Alteration =>
  (records) =>
    records.map((one) =>
      one.source === 'harness' && one.kind === 'observer' && one.subject === 'offsite-chat'
        ? change(one)
        : one,
    );

/** The observer of Prometheus off-site loses its source in the loss; for ten seconds, or for good. */
function silent(back: boolean): Alteration {
  const common = { source: 'harness', kind: 'observer', subject: 'offsite-prometheus' } as const;
  return adding(
    { ...common, at: DESTROYED_AT + 20_000, data: { state: 'lost', note: 'timeout' } },
    ...(back ? [{ ...common, at: DESTROYED_AT + 30_000, data: { state: 'started' } as const }] : []),
  );
}

const unwatched = (name: string): Alteration =>
  removed((one) => one.source === 'harness' && one.kind === 'observer' && one.subject === name);

describe('a watch off-site', () => {
  test('passes when the chat is told once of the loss and once of its end', () => {
    expect(found({})).toEqual([]);
    expect(ruleOf('told', WATCHED, watched())).toMatchObject({
      reason: 'told 8.0 s after the loss, 5.0 s after users were served, and of nothing else',
      limit: '1 message <= 12 s after the loss, 1 <= 10 s after the first good answer',
      items: [
        expect.stringMatching(/^8\.0 s after the loss: Alert\/ClusterGone: \[FIRING\]/),
        expect.stringMatching(/^65\.0 s after the loss: Alert\/ClusterGone: \[RESOLVED\]/),
      ],
    });
  });

  test('is not asked about where none was declared', () => {
    expect(rulesOf({}).map(({ rule }) => rule)).not.toContain('told');
  });

  test('has budgets that follow from its settings', () => {
    expect(toldOfLossWithin_s(SYNTHETIC_WATCH)).toBe(12);
    expect(toldOfEndWithin_s(SYNTHETIC_WATCH)).toBe(10);
    const slower = { ...SYNTHETIC_WATCH, scrape_interval_s: 15, for_s: 60, group_interval_s: 300 };
    expect(toldOfLossWithin_s(slower)).toBe(95);
    expect(toldOfEndWithin_s(slower)).toBe(333);
  });

  test('is told apart from the alerts and the chat of the cluster', () => {
    expect(found({}, unmarked)).toEqual(['told: fail']);
  });
});

/** Each way in which it may fail, and the rules that must say so. */
const DEFECTS: readonly [what: string, options: SyntheticWatchOptions, complaints: readonly string[]][] = [
  ['the chat stops taking messages', { messages: 0, messages_of_end: 0 }, ['told: fail']],
  ['the rule never fires', { fires_after_s: 'never' }, ['alerts: fail', 'told: fail']],
  ['the alert is not resolved', { ends_after_s: 'never' }, ['alerts: fail', 'told: fail']],
  ['the message of the loss is lost', { messages: 0 }, ['told: fail']],
  ['the message of the end is lost', { messages_of_end: 0 }, ['told: fail']],
  ['told twice of the loss', { messages: 2 }, ['told: fail']],
  ['told twice of the end', { messages_of_end: 2 }, ['told: fail']],
  ['told late of the loss', { told_after_s: 6 }, ['told: fail']],
  ['told late of the end', { told_of_end_after_s: 9 }, ['told: fail']],
  ['told of the end while nobody is served', { ends_after_s: -5 }, ['told: fail']],
  ['told of something else', { other_at_s: 20 }, ['told: fail']],
  ['told of something before the loss', { other_at_s: -5 }, ['told: fail']],
  ['the alert fires before the loss', { fires_after_s: -3 }, ['alerts: fail', 'told: fail']],
  ['watched for too short a time to know that it stays silent', { watched_s: 8 }, ['told: inconclusive']],
  ['not watched until the end had to be told', { messages_of_end: 0, watched_s: 9 }, ['told: inconclusive']],
];

describe('a defect of the watch', () => {
  test.each(DEFECTS)('%s', (_what, options, expected) => {
    expect(found(options)).toEqual(expected);
  });
});

describe('missing evidence', () => {
  test.each([
    ['offsite-chat', ['told: inconclusive']],
    ['offsite-prometheus', ['alerts: inconclusive']],
    ['offsite-alertmanager', ['alerts: inconclusive']],
  ])('nobody watched %s', (name, expected) => {
    expect(found({}, unwatched(name))).toEqual(expected);
  });

  test('the chat off-site was lost for a while', () => {
    expect(
      found(
        {},
        ofChat((one) => (one.data.state === 'ended' ? { ...one, data: { state: 'lost' } } : one)),
      ),
    ).toContain('told: inconclusive');
  });

  test.each<[what: string, options: SyntheticWatchOptions, back: boolean, expected: readonly string[]]>([
    ['and came back', {}, true, []],
    ['for good', {}, false, ['run-complete: inconclusive', 'alerts: inconclusive']],
    [
      'and came back, and the alert was not seen',
      { fires_after_s: 'never' },
      true,
      ['alerts: inconclusive', 'told: fail'],
    ],
  ])('Prometheus off-site did not answer for a while %s', (_what, options, back, expected) => {
    expect(found(options, silent(back)).toSorted()).toEqual(expected.toSorted());
  });

  test('the chat was watched only after the loss', () => {
    expect(
      found(
        {},
        ofChat((one) => (one.data.state === 'started' ? { ...one, at: one.at + 50_000 } : one)),
      ),
    ).toEqual(['told: inconclusive']);
  });

  test('nobody was away long enough to be told of it', () => {
    const short = complaints({ ...WATCHED, away_s: 5 }, watched({ away_s: 5, fires_after_s: 'never' }));
    expect(short).toContain('told: inconclusive');
  });

  test('taking records away never turns a failure into a pass', () => {
    const alter = watched({ messages: 0 });
    const records = alter(syntheticRecovery(WATCHED));
    expect(judgeRun(new Timeline(records)).outcome).toBe('fail');
    const kinds = [...new Set(records.map(({ source, kind, subject }) => `${source}/${kind}/${subject}`))];
    fc.assert(
      fc.property(fc.subarray(kinds), (gone) => {
        const left = records.filter(
          ({ source, kind, subject }) => !gone.includes(`${source}/${kind}/${subject}`),
        );
        // Without its declaration the run promises nothing of the watch, and other rules judge it.
        fc.pre(left.some(({ kind }) => kind === 'expectation'));
        return judgeRun(new Timeline(left)).outcome !== 'pass';
      }),
      { numRuns: 40 },
    );
  });
});

test('every combination of times and counts is judged as the budgets say', () => {
  const second = fc.integer({ min: 0, max: 150 }).map((tenths) => tenths / 10);
  fc.assert(
    fc.property(
      fc.record({
        fires_after_s: second,
        told_after_s: second,
        ends_after_s: second,
        told_of_end_after_s: second,
        messages: fc.integer({ min: 0, max: 2 }),
        messages_of_end: fc.integer({ min: 0, max: 2 }),
      }),
      (options) => {
        const of_loss_s = options.fires_after_s + options.told_after_s;
        // The load's first good answer of a second comes 2 ms after its beginning.
        const of_end_s = options.ends_after_s + options.told_of_end_after_s - 0.002;
        const holds =
          options.messages === 1 && options.messages_of_end === 1 && of_loss_s <= 12 && of_end_s <= 10;
        const { outcome } = ruleOf('told', WATCHED, watched({ ...options, watched_s: 40 }));
        expect(outcome).toBe(holds ? 'pass' : 'fail');
      },
    ),
    { numRuns: 150 },
  );
});
