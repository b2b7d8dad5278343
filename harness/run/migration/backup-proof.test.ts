import { describe, expect, test } from 'vitest';
import { differences, notBackedUp, type Proof } from './backup-proof.ts';

const orders = { table: 's.orders', rows: 3, content_hash: 'aa' };
const stock = { table: 's.stock', rows: 2, content_hash: 'bb' };

const WAS = {
  tables: [orders, stock],
  columns: { 's.orders.id': 'text NOT NULL', 's.orders.total': 'integer', 's.stock.id': 'integer' },
  constraints: { 's.orders.orders_id_key': 'UNIQUE (id)' },
  indexes: { 's.orders_id_key': 'CREATE UNIQUE INDEX orders_id_key ON s.orders USING btree (id)' },
  up_to: { 's.orders': 3 },
};

type Content = Parameters<typeof differences>[1];

const without = <Value>(all: Readonly<Record<string, Value>>, name: string): Record<string, Value> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => key !== name));

describe('a restored database', () => {
  test('that holds the same has no differences', () => {
    expect(differences(WAS, structuredClone(WAS))).toEqual([]);
  });

  test.each<[what: string, is: Partial<Content>, told: string[]]>([
    ['without a row', { tables: [{ ...orders, rows: 2 }, stock] }, ['s.orders has 2 rows, not 3']],
    ['with a row more', { tables: [{ ...orders, rows: 4 }, stock] }, ['s.orders has 4 rows, not 3']],
    [
      'with another value in as many rows',
      { tables: [{ ...orders, content_hash: 'cc' }, stock] },
      ['s.orders holds something else'],
    ],
    [
      'with a table more',
      { tables: [orders, stock, { ...stock, table: 's.new' }] },
      ['table s.new was not there'],
    ],
    [
      'without a column',
      { columns: without(WAS.columns, 's.orders.total') },
      ['column s.orders.total is missing'],
    ],
    [
      'with a column more',
      { columns: { ...WAS.columns, 's.orders.digest': 'text' } },
      ['column s.orders.digest was not there'],
    ],
    [
      'with a column of another type',
      { columns: { ...WAS.columns, 's.orders.total': 'bigint' } },
      ['column s.orders.total is another'],
    ],
    ['without a constraint', { constraints: {} }, ['constraint s.orders.orders_id_key is missing']],
    ['without an index', { indexes: {} }, ['index s.orders_id_key is missing']],
    [
      'with an index that no query may use',
      { indexes: { 's.orders_id_key': `${WAS.indexes['s.orders_id_key']} INVALID` } },
      ['index s.orders_id_key is another'],
    ],
    [
      'that was read up to another row',
      { up_to: { 's.orders': 2 } },
      ['s.orders was not read up to the same row'],
    ],
    ['that was read to its end', { up_to: {} }, ['s.orders was not read up to the same row']],
    [
      'that is empty',
      { tables: [], columns: {}, constraints: {}, indexes: {} },
      ['table s.orders is missing', 'table s.stock is missing', 'index s.orders_id_key is missing'],
    ],
  ])('%s differs', (_what, is, told) => {
    expect(differences(WAS, { ...WAS, ...is })).toEqual(told);
  });

  test('without a table tells it once, and not by its columns', () => {
    const found = differences(WAS, {
      ...WAS,
      tables: [stock],
      columns: { 's.stock.id': 'integer' },
      constraints: {},
      indexes: {},
      up_to: {},
    });
    expect(found).toEqual(['table s.orders is missing', 'index s.orders_id_key is missing']);
  });
});

describe('a migration may begin', () => {
  const NOW = Date.parse('2026-01-15T10:00:00Z');
  const proof = (age_s: number, state: Proof['data']['state'] = 'same'): Proof => ({
    backup: 'b',
    data: { taken_at: NOW - age_s * 1000, state, note: 'table s.orders is missing' },
  });

  test('with a backup that was restored, holds the same and is fresh', () => {
    expect(notBackedUp([proof(100), proof(9)], 10, NOW)).toBeUndefined();
    expect(notBackedUp([proof(5, 'differs'), proof(4)], 10, NOW)).toBeUndefined();
  });

  test.each<[what: string, proofs: Proof[], why: RegExp]>([
    ['without a backup', [], /there is no backup/],
    ['with one that differs', [proof(1, 'differs')], /cannot be relied on: table s\.orders is missing/],
    ['with one that could not be restored', [proof(1, 'failed')], /cannot be relied on/],
    ['with one that is too old', [proof(11)], /is 11 s old, and 10 s are allowed/],
    [
      'with one that is good and was followed by one that is not',
      [proof(2), proof(1, 'differs')],
      /relied on/,
    ],
  ])('never %s', (_what, proofs, why) => {
    expect(notBackedUp(proofs, 10, NOW)).toMatch(why);
  });
});
