import { describe, expect, test } from 'vitest';
import type { Alteration } from '#harness/core/testing/altered.ts';
import { DESTROYED_AT } from '#harness/core/testing/synthetic-recovery.ts';
import { content, ruleOf } from './testing/recovery-run.ts';

/** A restore that took the oldest backup. */
const swapped: Alteration = (records) =>
  records.map((one) =>
    one.source === 'recovery' && one.kind === 'backup' && one.data.state === 'restored'
      ? { ...one, subject: 'first' }
      : one,
  );

/** A table that lost its rows goes on taking orders, until it is restored. */
const accepted: Alteration = (records) =>
  records.map((one) => {
    if (one.source !== 'load' || one.kind !== 'orders') return one;
    const orders = one.data.orders.map((order) =>
      order.at > DESTROYED_AT && order.at < DESTROYED_AT + 5_000
        ? { ...order, outcome: 'accepted' as const, content_hash: 'given up' }
        : order,
    );
    return { ...one, data: { orders } };
  });

describe('the reason', () => {
  test('splits the time by the clock of the load and by steps, and says when the own budget is exceeded', () => {
    const { reason, measured, items } = ruleOf('recovery-time', { away_s: 80 });
    expect(measured).toBe('95.0 s');
    expect(reason).toContain('the own budget of 90 s is exceeded by 5.0 s, of which restore took 51.0 s');
    expect(reason).toContain('the next one 80.0 s after it');
    expect(items?.[0]).toBe('cluster: 11.5 s (0.5 s to 12.0 s): cluster is done');
    expect(ruleOf('recovery-time', {}).reason).toContain('within the own budget of 90 s');
  });

  test('lists every order that is lost, with its age', () => {
    const { outcome, items, measured } = ruleOf('recovery-point', { lost_s: 2 });
    expect(outcome).toBe('pass');
    expect(items).toHaveLength(6);
    expect(items?.[0]).toBe('order-38-0: accepted 2.0 s before the destruction (within the recovery point)');
    expect(measured).toBe('6 lost; newest accepted 0.0 s before the destruction, newest kept 2.0 s before');
    const late = ruleOf('recovery-point', { held: (all) => all.slice(0, -1) });
    expect(late.items?.at(-1)).toMatch(/after the destruction \(AFTER the rebuild\)$/);
  });

  test('names the table and the column that differ', () => {
    const tables = [
      { table: 'shop.items', rows: 50, content_hash: 'aa', columns: { id: '01', name: '02' } },
      { table: 'shop.orders', rows: 100, content_hash: 'bc', columns: { id: '03', lines: '05' } },
    ];
    expect(ruleOf('database-same', { content: content({ tables }) }).reason).toBe(
      'Database/shop: the 100 rows of shop.orders hold something else in lines',
    );
  });

  test('names the refused backup with its reason, and the one that is restored', () => {
    const { reason } = ruleOf('backups-refused', { damaged: 1, expectation: { backups_refused: 1 } });
    expect(reason).toBe('refused third: its checksum is wrong; restored second, 20.0 s old');
  });

  test('an older backup than needed is not enough', () => {
    expect(ruleOf('backups-refused', {}, swapped).outcome).toBe('fail');
  });
});

describe('a moment that is restored', () => {
  const expectation = {
    loses: 'the rows of a table',
    point_in_time: true,
    recovery_point_s: 1.1,
    alerts: [],
  };
  test('gives up what came after it until the restore, and lists it', () => {
    const { outcome, items } = ruleOf('recovery-point', { expectation }, accepted);
    expect(outcome).toBe('pass');
    expect(items?.filter((line) => line.includes('as declared'))).toHaveLength(15);
    const whole = ruleOf('recovery-point', {}, accepted);
    expect(whole.outcome).toBe('fail');
  });
});
