import { describe, expect, test } from 'vitest';
import type { AloneFacts, StatementCost } from '#harness/core/guard/facts.ts';
import { chooseSizes, GROWTH_COST_MS, GROWTH_ROWS_MIN, GROWTH_TIME_MS } from './sizes-choice.ts';

const TABLES = [
  { table: 'public.users', rows: GROWTH_ROWS_MIN, bytes: 1 },
  { table: 'public.states', rows: 3, bytes: 1 },
  { table: 'public.logs', rows: GROWTH_ROWS_MIN * 9, bytes: 1 },
];

function alone(more: Partial<StatementCost> & { readonly outcome?: AloneFacts['outcome'] } = {}): AloneFacts {
  const { outcome = 'applied', duration_ms = 1, ...others } = more;
  const locks = { 'public.users': 'AccessExclusiveLock', 'public.states': 'RowShareLock' };
  const cost = {
    index: 0,
    wal_bytes: 0,
    rewritten: [],
    indexes_built: [],
    disk_bytes: 0,
    locks,
    duration_ms,
  };
  return { outcome, duration_ms, statements: [{ ...cost, ...others }], residue: [] };
}

function chosen({ cost = alone(), tables = TABLES, is_only = false, spent_ms = 0 } = {}) {
  const migration = { name: 'up', tool: 'sql', up: { path: '', text: '', statements: [] } } as const;
  return chooseSizes({ migration, tables, alone: cost, is_only, spent_ms });
}

describe('growth is measured', () => {
  const measured = {
    kind: 'measure',
    table: 'public.users',
    rows: GROWTH_ROWS_MIN,
    touched: ['public.users', 'public.states'],
  };

  test.each([
    ['of one that is judged by itself, whatever it costs', { is_only: true }],
    ['of one that takes its time', { cost: alone({ duration_ms: GROWTH_COST_MS }) }],
    ['of one that writes a table anew', { cost: alone({ rewritten: ['public.users'] }) }],
    ['of one that builds an index of a table that was there', { cost: alone({ indexed: ['public.users'] }) }],
    ['of one by itself, however long it took', { is_only: true, spent_ms: GROWTH_TIME_MS + 1 }],
  ])('%s', (_, seen) => {
    expect(chosen(seen)).toEqual(measured);
  });
});

describe('growth is not measured', () => {
  test.each([
    ['of one among others that costs nothing', {}, 'leave out', /it took less than 10 ms alone/],
    [
      'of one that builds the index of a table that it makes',
      { cost: alone({ indexed: ['public.new'] }) },
      'leave out',
      /built no index of one/,
    ],
    [
      'where the tables are small, although others are large',
      {
        tables: TABLES.map((one) => ({
          ...one,
          rows: one.table === 'public.users' ? GROWTH_ROWS_MIN - 1 : one.rows,
        })),
        is_only: true,
      },
      'leave out',
      /no table that it touches has 100,000 rows/,
    ],
    [
      'of one that was refused',
      { cost: alone({ outcome: 'refused' }), is_only: true },
      'missing',
      /did not run through/,
    ],
    [
      'of a costly one, once the time is spent: that is no proof',
      { cost: alone({ duration_ms: 900 }), spent_ms: GROWTH_TIME_MS + 1 },
      'missing',
      /took the 150 s that there are for it; judge it alone/,
    ],
  ] as const)('%s', (_, seen, kind, why) => {
    expect(chosen(seen)).toEqual({ kind, why: expect.stringMatching(why) });
  });
});
