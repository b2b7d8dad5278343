import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { syntheticService, type SyntheticServiceOptions } from '#harness/core/testing/synthetic-service.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

function judge(records: readonly TimelineRecord[]) {
  return judgeRun(new Timeline(records));
}

function complaints(options: SyntheticServiceOptions): string[] {
  return complaintsOf(judge(syntheticService(options)));
}

describe('a service that is changed under load', () => {
  test('passes every rule when nobody notices', () => {
    expect(complaints({})).toEqual([]);
    expect(complaints({ orders: {} })).toEqual([]);
  });

  const broken: [string, string, SyntheticServiceOptions][] = [
    ['one request fails', 'no-failed-request: fail', { failed: { act: 'restart', count: 1 } }],
    [
      'one request gets no answer',
      'no-failed-request: fail',
      { failed: { act: 'deploy', count: 1, status: 0 } },
    ],
    ['another release serves at the end', 'serves-next: fail', { final_release: 'v1' }],
    ['the service does not become steady', 'steady-after: fail', { steady_after: false }],
    ['an accepted order is lost', 'orders-kept: fail', { orders: { lost: 1 } }],
    ['an order is there twice', 'orders-kept: fail', { orders: { twice: 1 } }],
    ['an order holds something else', 'orders-kept: fail', { orders: { wrong: 1 } }],
    ['there is an order that nobody placed', 'orders-kept: fail', { orders: { lost: -1 } }],
    ['an act moves no pod', 'acts-took: inconclusive', { idle: ['scale up'] }],
  ];
  test.each(broken)('%s: %s', (_case, complaint, options) => {
    expect(complaints(options)).toContain(complaint);
  });

  test('what failed is counted by release and status', () => {
    const verdict = judge(syntheticService({ failed: { act: 'deploy', count: 7, status: 503 } }));
    const rule = verdict.rules.find((one) => one.rule === 'no-failed-request');
    expect(rule?.reason).toContain('7 status 503 of none');
    expect(rule?.evidence.length).toBeGreaterThan(0);
  });

  test.each([
    ['no load', 'load'],
    ['no objects', 'kubernetes'],
    ['nothing of the harness', 'harness'],
  ])('%s: never a pass', (_case, source) => {
    const left = syntheticService().filter((record) => record.source !== source);
    expect(judge(left).outcome).toBe('inconclusive');
  });

  test('taking records away never turns a failure into a pass', () => {
    const records = syntheticService({ failed: { act: 'restart', count: 3 }, steady_after: false });
    const sized = { minLength: records.length, maxLength: records.length };
    fc.assert(
      fc.property(fc.array(fc.boolean(), sized), (keep) => {
        expect(judge(records.filter((_record, index) => keep[index])).outcome).not.toBe('pass');
      }),
      { numRuns: 40 },
    );
  });
});
