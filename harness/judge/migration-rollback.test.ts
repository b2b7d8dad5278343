import { describe, expect, test } from 'vitest';
import { adding, type Alteration, altered } from '#harness/core/testing/altered.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { type AnswerSeries, type EpochMs, Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { judgeRun } from './judge-run.ts';

function shippedAt(records: readonly TimelineRecord[]): EpochMs {
  return records.find(({ source, kind }) => source === 'release' && kind === 'shipped')?.at ?? 0;
}

/** Changes the answers of each second; undefined takes them away. */
function answering(
  change: (series: AnswerSeries, at: EpochMs, shipped_at: EpochMs) => AnswerSeries | undefined,
): Alteration {
  return (all) =>
    all.map((record) => {
      if (record.source !== 'load' || record.kind !== 'second') return record;
      const series = record.data.series.flatMap((one) => change(one, record.at, shippedAt(all)) ?? []);
      return { ...record, data: { ...record.data, series } };
    });
}

/** What the release serves well are orders. */
const orders = answering((one) => (one.release === 'v2' && !one.bad ? { ...one, route: '/orders' } : one));

const mute = answering((one) => (one.route === '/orders' ? undefined : one));

const failing = answering((one, at, shipped_at) =>
  one.release === 'v1' && at > shipped_at ? { ...one, bad: true, status: 503 } : one,
);

const small: Alteration = (all) =>
  all.map((record) =>
    record.source === 'gateway' && record.kind === 'weight'
      ? { ...record, data: { ...record.data, canary_pct: Math.min(record.data.canary_pct, 5) } }
      : record,
  );

/** A rollback with a migration that was applied so long before the release was shipped. */
function crossed(before_ms: number, ...changes: readonly Alteration[]): readonly RuleVerdict[] {
  const records = syntheticRun({ outcome: 'rollback' });
  const at = shippedAt(records) - before_ms;
  const end = Math.max(...records.map((record) => record.at)) + 1000;
  const migration = { source: 'database', kind: 'migration', subject: 'Migration/shop-demo/add' } as const;
  const data = {
    of: 'migration',
    namespace: 'shop-demo',
    app: 'shop',
    migrations: [{ name: 'add', expected: 'applied' }],
    bad_release: 'v2',
    bad_release_pct: 10,
  } as const;
  const log = { from: 0, to: end, errors: [] };
  const added = adding(
    { at: records[0]?.at ?? 0, source: 'harness', kind: 'expectation', subject: 'shop', data },
    { ...migration, at: at - 500, data: { state: 'begun', note: '' } },
    { ...migration, at, data: { state: 'applied', note: '' } },
    { at: end, source: 'database', kind: 'errors', subject: 'Schema/s', data: log },
  );
  return judgeRun(new Timeline(altered(records, orders, added, ...changes))).rules;
}

function outcomeOf(id: string, verdicts: readonly RuleVerdict[]): RuleVerdict['outcome'] | undefined {
  return verdicts.find(({ rule }) => rule === id)?.outcome;
}

describe('a release that is given up after its migration', () => {
  test('leaves the former release unharmed', () => {
    const verdicts = crossed(1000);
    expect(outcomeOf('aborted-across-migration', verdicts)).toBe('pass');
    expect(outcomeOf('migration-compatible', verdicts)).toBe('pass');
    expect(outcomeOf('rolled-back', verdicts)).toBe('pass');
  });

  test('must have been shipped after its migration', () => {
    expect(outcomeOf('aborted-across-migration', crossed(-2000))).toBe('fail');
  });

  test('proves nothing where it never took an order, or never had its share', () => {
    expect(outcomeOf('aborted-across-migration', crossed(1000, mute))).toBe('inconclusive');
    expect(outcomeOf('aborted-across-migration', crossed(1000, small))).toBe('inconclusive');
  });

  test('a failure of the former release is led back to the migration', () => {
    const found = crossed(1000, failing).find(({ rule }) => rule === 'migration-compatible');
    expect([found?.outcome, found?.reason]).toEqual([
      'fail',
      expect.stringMatching(/requests of v1 with status 503 failed, the first \d+\.\d s after add began/),
    ]);
  });
});
