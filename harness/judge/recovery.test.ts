import { describe, expect, test } from 'vitest';
import type { SyntheticRecoveryOptions } from '#harness/core/testing/synthetic-recovery.ts';
import { complaints, content, objects, replicas, rulesOf } from './testing/recovery-run.ts';

describe('a rebuild', () => {
  test('passes every rule when everything comes back in time', () => {
    expect(complaints({})).toEqual([]);
    expect(rulesOf({}).map(({ rule }) => rule)).toEqual([
      'recovery-time',
      'recovery-point',
      'orders-true',
      'objects-same',
      'database-same',
      'release-same',
      'steps-complete',
      'no-false-rollback',
      'alerts',
      'steady-after',
      'run-complete',
      'backups-refused',
      'load-self-check',
      'steady-before',
      'loss-took',
    ]);
  });

  test('passes with a damaged backup where one was declared to be', () => {
    expect(complaints({ damaged: 1, expectation: { backups_refused: 1 } })).toEqual([]);
  });

  test.each<[what: string, options: SyntheticRecoveryOptions, complaint: string]>([
    ['it takes 20 s too long', { away_s: 60, expectation: { recovery_time_s: 55 } }, 'recovery-time: fail'],
    [
      'answers are bad again later',
      { relapse_s: 3, expectation: { recovery_time_s: 76 } },
      'recovery-time: fail',
    ],
    [
      'it is never steady again',
      { is_steady: false, expectation: { recovery_time_s: 60 } },
      'recovery-time: fail',
    ],
    ['it is never steady again', { is_steady: false }, 'steady-after: fail'],
    ['nobody missed the cluster', { away_s: 0 }, 'loss-took: inconclusive'],
    ['older orders are lost than may be', { lost_s: 7 }, 'recovery-point: fail'],
    ['one order of long ago is lost', { held: (all) => all.slice(1) }, 'recovery-point: fail'],
    [
      'one order is lost that was accepted after the rebuild',
      { held: (all) => all.slice(0, -1) },
      'recovery-point: fail',
    ],
    [
      'an order is there that its customer was told had failed',
      {
        held: (all, placed) => [...all, ...placed.filter(({ outcome }) => outcome === 'refused').slice(0, 1)],
      },
      'orders-true: fail',
    ],
    [
      'one order holds something else',
      { held: (all) => all.map((one, index) => (index === 7 ? { ...one, content_hash: 'other' } : one)) },
      'orders-true: fail',
    ],
    ['one order is there twice', { held: (all) => [...all, ...all.slice(0, 1)] }, 'orders-true: fail'],
    [
      'an order is there that nobody placed',
      { held: (all) => [...all, { id: 'x', content_hash: 'y' }] },
      'orders-true: fail',
    ],
    ['one object is missing', { inventory: objects((all) => all.toSpliced(3, 1)) }, 'objects-same: fail'],
    [
      'one object is new',
      {
        inventory: objects((all) => [
          ...all,
          { subject: 'Secret/shop-demo/stray', fields: { type: 'Opaque' } },
        ]),
      },
      'objects-same: fail',
    ],
    ['one field is another', { inventory: replicas(3) }, 'objects-same: fail'],
    [
      'one row is lost',
      {
        content: content({
          tables: [
            { table: 'shop.items', rows: 50, content_hash: 'aa' },
            { table: 'shop.orders', rows: 99, content_hash: 'bc' },
          ],
        }),
      },
      'database-same: fail',
    ],
    [
      'one row is changed',
      {
        content: content({
          tables: [
            { table: 'shop.items', rows: 50, content_hash: 'ab' },
            { table: 'shop.orders', rows: 100, content_hash: 'bb' },
          ],
        }),
      },
      'database-same: fail',
    ],
    [
      'a table is missing',
      { content: content({ tables: [{ table: 'shop.orders', rows: 100, content_hash: 'bb' }] }) },
      'database-same: fail',
    ],
    ['an index is dropped', { content: content({ indexes: {} }) }, 'database-same: fail'],
    [
      'the order of an index is another',
      {
        content: content({
          indexes: {
            'shop.orders_by_time':
              'CREATE INDEX orders_by_time ON shop.orders USING btree (accepted_at DESC)',
          },
        }),
      },
      'database-same: fail',
    ],
    [
      'an index is not valid',
      {
        content: content({
          indexes: {
            'shop.orders_by_time':
              'CREATE INDEX orders_by_time ON shop.orders USING btree (accepted_at) INVALID',
          },
        }),
      },
      'database-same: fail',
    ],
    ['a constraint is missing', { content: content({ constraints: {} }) }, 'database-same: fail'],
    [
      'a column is another',
      { content: content({ columns: { 'shop.orders.id': 'text' } }) },
      'database-same: fail',
    ],
    [
      'a sequence is behind',
      { content: content({ sequences: { 'shop.orders_position_seq': 239 } }) },
      'database-same: fail',
    ],
    ['another release serves', { serves: 'v2' }, 'release-same: fail'],
    ['a step fails', { failed: 'flux' }, 'steps-complete: fail'],
    ['a component has no step', { skipped: ['component/traefik'] }, 'steps-complete: fail'],
    ['a step is left out', { skipped: ['restore'] }, 'steps-complete: fail'],
    ['a backup is refused that nobody damaged', { damaged: 1 }, 'backups-refused: fail'],
    ['a damaged backup is taken', { expectation: { backups_refused: 1 } }, 'backups-refused: fail'],
    [
      'no backup is good',
      { damaged: 3, expectation: { backups_refused: 3 } },
      'backups-refused: inconclusive',
    ],
    ['a controller rolls back', { canary: 'Failed' }, 'no-false-rollback: fail'],
    ['the declared alert does not fire', { fired: [] }, 'alerts: fail'],
    ['another alert fires', { fired: ['ShopErrorRatio', 'FluxNotReady'] }, 'alerts: fail'],
    ['an alert is not resolved', { resolved: false }, 'alerts: fail'],
  ])('%s: %s', (_what, options, complaint) => {
    expect(complaints(options)).toContain(complaint);
  });
});

describe('a rollout that was under way', () => {
  const under_way = { release: 'v2', serves_after: 'v2' };

  test('the release that the specification names must serve', () => {
    expect(complaints({ expectation: { under_way }, serves: 'v2' })).toEqual([]);
    expect(complaints({ expectation: { under_way } })).toContain('release-same: fail');
  });
});
