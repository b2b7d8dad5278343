import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { syntheticAlert, type SyntheticAlertOptions } from '#harness/core/testing/synthetic-alert.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

function complaints(
  options: SyntheticAlertOptions,
  change: (records: TimelineRecord[]) => TimelineRecord[] = (all) => all,
): string[] {
  return complaintsOf(judgeRun(new Timeline(change(syntheticAlert(options)))));
}

describe('an alert as it should be', () => {
  test.each([['bad-answers'], ['crash-loop']] as const)('%s passes every rule', (cause) => {
    expect(complaints({ cause })).toEqual([]);
  });

  test('any moment within the computed span passes, any other fails', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 105 }), (fires_after_s) => {
        const found = complaints({ fires_after_s, lasts_s: 150 });
        const in_time = fires_after_s > 60 && fires_after_s <= 84;
        expect(found.includes('alert-fired-in-time: fail')).toBe(!in_time);
      }),
      { numRuns: 40 },
    );
  });
});

/** A second receiver hears everything that the first hears. */
function other(records: TimelineRecord[]): TimelineRecord[] {
  return records.flatMap((record): TimelineRecord[] =>
    record.source === 'chat'
      ? [record, { ...record, seq: record.seq + 10_000, data: { ...record.data, channel: 'on-call' } }]
      : [record],
  );
}

function unwatched(records: TimelineRecord[]): TimelineRecord[] {
  return records.filter((record) => !(record.kind === 'observer' && record.subject === 'chat'));
}

describe('each way in which an alert goes wrong is noticed by its rule', () => {
  const broken: [string, string, SyntheticAlertOptions][] = [
    ['it fires before `for` is over', 'alert-fired-in-time: fail', { fires_after_s: 30 }],
    ['it fires too late', 'alert-fired-in-time: fail', { fires_after_s: 90, lasts_s: 150 }],
    ['it never fires', 'alert-fired-in-time: fail', { fires_after_s: 'never' }],
    ['its rule reads a metric that is not there', 'alert-sees: fail', { missing: ['failures'] }],
    ['nobody is told', 'chat-told-once: fail', { messages: 0 }],
    ['told twice', 'chat-told-once: fail', { messages: 2 }],
    ['told late', 'chat-told-once: fail', { told_after_s: 12 }],
    ['it never ends', 'alert-resolved: fail', { ends_after_s: 'never' }],
    ['it ends late', 'alert-resolved: fail', { ends_after_s: 40, watched_s: 90 }],
    ['nobody is told of its end', 'alert-resolved: fail', { messages_of_end: 0 }],
    ['told twice of its end', 'alert-resolved: fail', { messages_of_end: 2 }],
    ['too few answers are bad', 'cause-took: inconclusive', { bad_pct: 20 }],
    ['it was not watched for long enough', 'chat-told-once: inconclusive', { lasts_s: 70, ends_after_s: 3 }],
  ];
  test.each(broken)('%s: %s', (_case, complaint, options) => {
    expect(complaints(options)).toContain(complaint);
  });

  test('a second receiver tells once more, and that is no repetition', () => {
    expect(complaints({}, other)).toEqual([]);
  });

  test.each(['chat', 'prometheus', 'load'])('without records of %s nothing is proven', (source) => {
    const found = complaints({}, (records) => records.filter((record) => record.source !== source));
    expect(found.length).toBeGreaterThan(0);
    expect(
      judgeRun(new Timeline(syntheticAlert().filter((record) => record.source !== source))).outcome,
    ).not.toBe('pass');
  });

  test('a chat that was not watched is no proof of silence', () => {
    expect(complaints({}, unwatched)).toContain('chat-told-once: inconclusive');
  });
});
