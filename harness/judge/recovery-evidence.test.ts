import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Alteration, without } from '#harness/core/testing/altered.ts';
import { DESTROYED_AT, syntheticRecovery } from '#harness/core/testing/synthetic-recovery.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { judgeRun } from './judge-run.ts';
import { complaints, content, removed, replicas, ruleOf } from './testing/recovery-run.ts';

const forgetful: Alteration = (records) =>
  records.map((one) =>
    one.source === 'load' && one.kind === 'orders'
      ? { ...one, data: { orders: one.data.orders.slice(1) } }
      : one,
  );

const late =
  (from: number): Alteration =>
  (records) =>
    records.map((one) =>
      one.source === 'load' && one.kind === 'second' && one.data.from >= from && one.data.from < from + 10_000
        ? { ...one, data: { ...one.data, lag_max_ms: 900, dropped_iterations: 3 } }
        : one,
    );

/** So many more answers in the second that begins then; fewer when negative. */
const more =
  (from: number, by: number): Alteration =>
  (records) =>
    records.map((one) => {
      if (one.source !== 'load' || one.kind !== 'second' || one.data.from !== from) return one;
      const [first, ...others] = one.data.series;
      const series = first ? [{ ...first, count: first.count + by }, ...others] : [];
      return { ...one, data: { ...one.data, iterations: one.data.iterations + by, series } };
    });

const loadAfter = (...alterations: readonly Alteration[]) =>
  ruleOf('load-self-check', {}, (records) => alterations.reduce((all, alter) => alter(all), [...records]));

/** A step that ended at another time. */
const endedAt =
  (name: string, at: number): Alteration =>
  (records) =>
    records.map((one) =>
      one.source === 'recovery' && one.kind === 'step' && one.subject === name && one.data.state === 'done'
        ? { ...one, at }
        : one,
    );

describe('steps out of their order', () => {
  test.each([
    ['flux', DESTROYED_AT + 62_000, 'restore was done before flux'],
    [
      'component/traefik',
      DESTROYED_AT + 80_000,
      'component/traefik was done only after the service was called steady',
    ],
    ['cluster', DESTROYED_AT + 18_700, 'component/flux began before there was a cluster'],
  ])('%s ends late', (name, at, problem) => {
    const { outcome, items } = ruleOf('steps-complete', {}, endedAt(name, at));
    expect(outcome).toBe('fail');
    expect(items).toContain(problem);
  });

  test('what two watchers saw in the wrong order within a second is no wrong order', () => {
    expect(ruleOf('steps-complete', {}, endedAt('restore', DESTROYED_AT + 62_000)).outcome).toBe('pass');
  });
});

describe('missing evidence', () => {
  test.each<[what: string, gone: Alteration, complaint: string]>([
    ['no destruction', without('recovery', 'destroyed'), 'recovery-time: inconclusive'],
    ['no steps', without('recovery', 'step'), 'steps-complete: inconclusive'],
    ['no backups', without('recovery', 'backup'), 'backups-refused: inconclusive'],
    ['no remembered orders', without('load', 'orders'), 'recovery-point: inconclusive'],
    ['no remembered orders', without('load', 'orders'), 'orders-true: inconclusive'],
    ['no held orders', without('database', 'held_orders'), 'orders-true: inconclusive'],
    ['no content', without('database', 'content'), 'database-same: inconclusive'],
    ['no Canary afterwards', without('kubernetes'), 'no-false-rollback: inconclusive'],
    ['nobody watched Alertmanager', removed((one) => one.subject === 'alertmanager'), 'alerts: inconclusive'],
    [
      'Alertmanager did not come back',
      removed((one) => one.subject === 'alertmanager' && one.at > DESTROYED_AT + 10_000),
      'alerts: inconclusive',
    ],
    [
      'an observer did not come back',
      removed((one) => one.subject === 'kubernetes' && one.at > DESTROYED_AT + 10_000),
      'run-complete: inconclusive',
    ],
  ])('%s: %s', (_what, gone, complaint) => {
    expect(complaints({}, gone)).toContain(complaint);
  });

  test('a load that forgot orders, and a table that was read up to other rows', () => {
    expect(complaints({}, forgetful)).toContain('recovery-point: inconclusive');
    const up_to = { 'shop.orders': 99 };
    expect(complaints({ content: content({ up_to }) })).toContain('database-same: inconclusive');
  });

  test('a generator that is late during the rebuild is no ground to doubt, one that is late before it is', () => {
    expect(complaints({}, late(DESTROYED_AT + 1_000))).toEqual([]);
    expect(ruleOf('load-self-check', {}, late(DESTROYED_AT + 1_000)).derivation).toContain(
      '30 dropped, late max 900.0 ms',
    );
    expect(complaints({}, late(DESTROYED_AT - 15_000))).toContain('load-self-check: inconclusive');
    expect(complaints({}, late(DESTROYED_AT + 70_000))).toContain('load-self-check: inconclusive');
  });

  test('what was due during the rebuild and is answered after it is no higher rate; what was never due is one', () => {
    const owed = more(DESTROYED_AT + 20_000, -200);
    expect(loadAfter(owed, more(DESTROYED_AT + 74_000, 200))).toMatchObject({ outcome: 'pass' });
    expect(loadAfter(more(DESTROYED_AT + 74_000, 200))).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('reached'),
    });
  });

  test('taking records away never turns a failure into a pass', () => {
    const records = syntheticRecovery({ lost_s: 9, inventory: replicas(3), serves: 'v2', resolved: false });
    const failing = new Set(
      judgeRun(new Timeline(records))
        .rules.filter(({ outcome }) => outcome === 'fail')
        .map(({ rule }) => rule),
    );
    expect([...failing].sort()).toEqual(['alerts', 'objects-same', 'recovery-point', 'release-same']);
    const kinds = [...new Set(records.map(({ source, kind }) => `${source}/${kind}`))];
    fc.assert(
      fc.property(fc.subarray(kinds, { minLength: 1 }), (gone) => {
        const left = records.filter(({ source, kind }) => !gone.includes(`${source}/${kind}`));
        const { outcome } = judgeRun(new Timeline(left));
        return outcome !== 'pass';
      }),
      { numRuns: 40 },
    );
  });
});
