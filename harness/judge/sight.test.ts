import { describe, expect, test } from 'vitest';
import { syntheticRun, type SyntheticRunOptions } from '#harness/core/testing/synthetic-run.ts';
import { type SightData, Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeDashboard } from './dashboard.ts';
import { judgeSight } from './sight.ts';
import { complaintsOf } from './testing/complaints.ts';

const SEES: SightData = {
  query: 'sum(rate(http_requests_total{app="shop", code=~"5.."}[10s]))',
  stands_in: 'app="shop-primary"',
  selectors: [{ selector: 'http_requests_total{app="shop-primary"}', series: 4, missing_labels: [] }],
};

function run(options: SyntheticRunOptions, sight: SightData | undefined = SEES): TimelineRecord[] {
  const records = syntheticRun(options);
  if (sight === undefined) return records;
  const shipped = records.findIndex(({ source }) => source === 'release');
  const at = (records[shipped]?.at ?? 0) - 500;
  const all: TimelineRecord[] = [
    ...records.slice(0, shipped),
    { seq: 0, at, source: 'prometheus', kind: 'sight', subject: 'error-ratio', data: sight },
    ...records.slice(shipped),
  ];
  return all.map((record, index) => ({ ...record, seq: index + 1 }));
}

function complaints(records: readonly TimelineRecord[]): string[] {
  return complaintsOf(judgeSight(new Timeline(records)));
}

/** A bad release that a blind controller promotes. */
const BLIND: SyntheticRunOptions = { outcome: 'promotion', expected: 'rollback', bad_pct: 50 };

describe('a judge that sees', () => {
  test('passes when it finds a bad release bad, and what it reads was there before', () => {
    expect(complaints(run({ outcome: 'rollback' }))).toEqual([]);
  });
});

describe('a blind judge is called out', () => {
  test('by what it lets through', () => {
    expect(complaints(run(BLIND))).toContain('judge-sighted: fail');
  });

  test('with its query, what it believed and what clients met', () => {
    const verdict = judgeSight(new Timeline(run(BLIND)));
    const reason = verdict.rules.find(({ rule }) => rule === 'judge-sighted')?.reason ?? '';
    expect(reason).toMatch(/is blind: "Advance .+" while clients met (?:4|5)\d\.\d % bad answers/);
    expect(reason).toContain(SEES.query);
  });

  test('when it stops a release because it has no value', () => {
    expect(complaints(run({ outcome: 'rollback', prometheus: false }))).toContain('judge-sighted: fail');
  });

  const before: [string, SightData][] = [
    [
      'the metric is missing',
      { ...SEES, selectors: [{ selector: 'none{}', series: 0, missing_labels: [] }] },
    ],
    [
      'a label is missing',
      { ...SEES, selectors: [{ selector: 'x{}', series: 2, missing_labels: ['status'] }] },
    ],
    ['it reads nothing', { ...SEES, selectors: [] }],
  ];
  test.each(before)('before any harm: %s', (_case, sight) => {
    const verdict = judgeSight(new Timeline(run({ outcome: 'rollback' }, sight)));
    const found = verdict.rules.find(({ rule }) => rule === 'judge-sighted-before');
    expect(found?.outcome).toBe('fail');
    expect(found?.reason).toContain('is blind');
  });
});

describe('missing evidence is inconclusive', () => {
  test('nobody asked what the check sees', () => {
    const records = run({ outcome: 'rollback' }).filter(({ kind }) => kind !== 'sight');
    expect(complaints(records)).toEqual(['judge-sighted-before: inconclusive']);
  });

  test('the controller decided nothing', () => {
    const records = run({ outcome: 'rollback' }).filter(({ kind }) => kind !== 'event');
    expect(complaints(records)).toEqual(['judge-sighted: inconclusive']);
  });

  test('a good release makes nobody blind', () => {
    const found = complaints(run({ outcome: 'promotion' }));
    expect(found).not.toContain('judge-sighted: fail');
    expect(found).toContain('judge-sighted: inconclusive');
  });
});

function panel(subject: string, samples: number): TimelineRecord {
  return {
    seq: 100_000 + subject.length,
    at: 9e12,
    source: 'prometheus',
    kind: 'panel',
    subject,
    data: { dashboard: 'flagger.json', query: 'up', series: samples > 0 ? 1 : 0, samples },
  };
}

describe('a dashboard', () => {
  const expectation: TimelineRecord = {
    seq: 0,
    at: 0,
    source: 'harness',
    kind: 'expectation',
    subject: 'flagger.json',
    data: { of: 'dashboard', namespace: 'shop-demo', dashboard: 'flagger.json', expressions: 2 },
  };
  const outcome = (panels: readonly TimelineRecord[]): string | undefined =>
    judgeDashboard(new Timeline([expectation, ...syntheticRun(), ...panels])).rules.find(
      ({ rule }) => rule === 'dashboard-shows',
    )?.outcome;

  test.each([
    ['every part has data', [panel('errors', 9), panel('weights', 3)], 'pass'],
    ['one part is empty', [panel('errors', 9), panel('weights', 0)], 'fail'],
    ['one part was never asked', [panel('errors', 9)], 'inconclusive'],
  ] as const)('%s: %s', (_case, panels, expected) => {
    expect(outcome(panels)).toBe(expected);
  });
});
