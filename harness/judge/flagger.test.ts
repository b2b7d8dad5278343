import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { syntheticRun, type SyntheticRunOptions } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeRollout } from './flagger.ts';
import { complaintsOf } from './testing/complaints.ts';

function judge(
  options: SyntheticRunOptions,
  change?: (records: TimelineRecord[]) => TimelineRecord[],
): Verdict {
  const records = syntheticRun(options);
  return judgeRollout(new Timeline(change ? change(records) : records));
}

const without =
  (source: TimelineRecord['source'], kind?: string) =>
  (records: TimelineRecord[]): TimelineRecord[] =>
    records.filter((record) => record.source !== source || (kind !== undefined && record.kind !== kind));

/** A Deployment of that name is deleted at the end. */
const gone =
  (name: string) =>
  (records: TimelineRecord[]): TimelineRecord[] => [
    ...records,
    {
      seq: 1_000_000,
      at: records.at(-1)?.at ?? 0,
      source: 'kubernetes',
      kind: 'object',
      subject: `Deployment/shop-demo/${name}`,
      data: { verb: 'deleted', resource_version: '9', fields: { replicas: 1, ready: 1 } },
    },
  ];

describe('a run as it should go', () => {
  test('a rollback passes every rule', () => {
    expect(complaintsOf(judge({ outcome: 'rollback' }))).toEqual([]);
  });

  test('a promotion passes every rule', () => {
    expect(complaintsOf(judge({ outcome: 'promotion' }))).toEqual([]);
  });

  test('misses nothing of what Mettle put there for a fault and took away, and every other workload that goes', () => {
    expect(complaintsOf(judge({ outcome: 'promotion' }, gone('mettle-read-only')))).toEqual([]);
    expect(complaintsOf(judge({ outcome: 'promotion' }, gone('shop-primary')))).toContain(
      'healthy-after: fail',
    );
  });

  test('chance in the load does not turn it red', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        expect(complaintsOf(judge({ seed, outcome: 'rollback' }))).toEqual([]);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

describe('each promise, broken, is noticed by its rule', () => {
  const broken: [string, string, SyntheticRunOptions, ((records: TimelineRecord[]) => TimelineRecord[])?][] =
    [
      ['the release is never rolled back', 'rolled-back: fail', { outcome: 'never-rolled-back' }],
      ['the rollback comes an interval too late', 'exposure: fail', { exposure_s: 40 }],
      ['the gateway sends five times the declared share', 'traffic-share: fail', { measured_canary_pct: 50 }],
      ['the gateway sends five times the declared share', 'harm: fail', { measured_canary_pct: 50 }],
      [
        'the data plane serves three points more than was declared',
        'routes-agree: fail',
        {},
        (records) =>
          records.map((record) =>
            record.source === 'gateway' && record.kind === 'weight' && record.data.read_from === 'live'
              ? {
                  ...record,
                  data: {
                    ...record.data,
                    primary_pct: record.data.primary_pct - 3,
                    canary_pct: record.data.canary_pct + 3,
                  },
                }
              : record,
          ),
      ],
      ['the stable release fails now and then', 'no-other-loss: fail', { stray_bad_answers: 1 }],
      ['one request gets no answer', 'no-other-loss: fail', { lost_requests: 1 }],
      ['the controller saw no values', 'judge-saw: fail', { prometheus: false }],
      ['the pods of the bad release stay', 'canary-gone: fail', { canary_pods_gone: false }],
      ['the chat is not told', 'chat-told: fail', { failure_messages: 0 }],
      ['the chat is told twice', 'chat-told: fail', { failure_messages: 2 }],
      ['the alert fires', 'alert: fail', { alert: 'firing' }],
      [
        'the controller measured something else than users met',
        'judge-saw: fail',
        {},
        (records) =>
          records.map((record) =>
            record.source === 'kubernetes' && record.kind === 'event'
              ? {
                  ...record,
                  data: {
                    ...record.data,
                    message: record.data.message.replace(/ 4\d\.\d\d | 50\.00 /, ' 12.00 '),
                  },
                }
              : record,
          ),
      ],
      [
        'a workload lacks a pod at the end',
        'healthy-after: fail',
        {},
        (records) => [
          ...records,
          {
            seq: 1_000_000,
            at: records.at(-1)?.at ?? 0,
            source: 'kubernetes',
            kind: 'object',
            subject: 'Deployment/shop-demo/shop-primary',
            data: { verb: 'modified', resource_version: '9', fields: { replicas: 2, ready: 1 } },
          },
        ],
      ],
    ];
  test.each(broken)('%s: %s', (_case, complaint, options, change) => {
    expect(complaintsOf(judge({ ...options }, change))).toContain(complaint);
  });

  const brokenPromotion: [string, string, SyntheticRunOptions][] = [
    [
      'a good release is rolled back',
      'promoted: fail',
      { outcome: 'rollback', expected: 'promotion', bad_pct: 0 },
    ],
    ['a request fails', 'no-other-loss: fail', { outcome: 'promotion', stray_bad_answers: 1 }],
    [
      'the end of the promotion is not announced',
      'chat-calm: fail',
      { outcome: 'promotion', failure_messages: 0 },
    ],
    ['the alert stirs', 'alert: fail', { outcome: 'promotion', alert: 'pending' }],
    [
      'the split is not the declared one',
      'traffic-share: fail',
      { outcome: 'promotion', measured_canary_pct: 80 },
    ],
  ];
  test.each(brokenPromotion)('%s: %s', (_case, complaint, options) => {
    expect(complaintsOf(judge(options))).toContain(complaint);
  });
});

describe('a machine without processor time to spare', () => {
  const full = { machine_idle_s: 0.02 } as const;

  test('takes nothing from a promise that is kept', () => {
    expect(complaintsOf(judge(full))).toEqual([]);
  });

  test('takes the proof from one that is broken', () => {
    const verdict = judge({ ...full, outcome: 'promotion', stray_bad_answers: 1 });
    expect(verdict.outcome).toBe('inconclusive');
    expect(complaintsOf(verdict)).toContain('machine-self-check: inconclusive');
    expect(complaintsOf(judge({ outcome: 'promotion', stray_bad_answers: 1 }))).toContain(
      'no-other-loss: fail',
    );
  });
});

describe('missing evidence is inconclusive, never a pass', () => {
  const missing: [string, SyntheticRunOptions, ((records: TimelineRecord[]) => TimelineRecord[])?][] = [
    ['the load was starved', { load: 'starved' }],
    ['the load was killed', { load: 'killed' }],
    ['the load never ran', { load: 'absent' }],
    ['the alert never stirred', { alert: 'inactive' }],
    ['nothing was declared', {}, without('harness', 'spec')],
    ['nothing was shipped', {}, without('release')],
    ['no load was measured', {}, without('load', 'second')],
    ['no weight was observed', {}, without('gateway')],
    ['no object was observed', {}, without('kubernetes', 'object')],
    ['no alert state was read', {}, without('prometheus', 'alert')],
    ['no observer said that it watched', {}, without('harness', 'observer')],
    ['nothing at all was recorded', {}, () => []],
  ];
  test.each(missing)('%s', (_case, options, change) => {
    expect(judge(options, change).outcome).toBe('inconclusive');
  });

  test('a release that is not bad proves nothing', () => {
    const verdict = judge({ outcome: 'promotion', expected: 'rollback', bad_pct: 0 }, (records) =>
      records.map((record) =>
        record.source === 'harness' && record.kind === 'spec'
          ? { ...record, data: { ...record.data, bad_answers_pct: 50 } }
          : record,
      ),
    );
    expect(verdict.outcome).toBe('inconclusive');
    expect(complaintsOf(verdict)).toContain('fault-took: inconclusive');
  });

  test('taking any records away never makes a pass out of a verdict that was none', () => {
    const records = syntheticRun({ outcome: 'never-rolled-back' });
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: records.length, maxLength: records.length }),
        (keep) => {
          const left = records.filter((_record, index) => keep[index]);
          expect(judgeRollout(new Timeline(left)).outcome).not.toBe('pass');
        },
      ),
      { numRuns: 50 },
    );
  });
});
