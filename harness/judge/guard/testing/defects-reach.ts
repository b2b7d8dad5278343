/** Tables that are reached in ways that a statement does not tell, or that hold nothing of what it is about. */
import type { GuardFacts, MigrationFacts, StatementFacts, TableSize } from '#harness/core/guard/facts.ts';
import { cost, type Defect, without } from './defects.ts';
import { madeMigration, madeStatement } from './made-guard.ts';

const table = (name: string, rows: number, more: Partial<TableSize> = {}): TableSize => ({
  table: name,
  rows,
  bytes: rows * 100,
  ...more,
});

/** A migration of one statement on a copy with these tables. */
export const onTables =
  (
    tables: readonly TableSize[],
    statement: StatementFacts,
    migration: Partial<MigrationFacts>,
    real_rows: Readonly<Record<string, number>> = {},
  ) =>
  (facts: GuardFacts): GuardFacts => ({
    ...facts,
    data: { ...facts.data, tables, real_rows },
    migrations: [madeMigration({ statements: [statement], ...migration })],
  });

const UNDER_A_PATH = madeStatement(0, 'ALTER TABLE users ALTER name TYPE varchar(6) USING name::varchar(6)', {
  does: [
    { does: 'change-type', table: 'users', column: 'name', type: 'varchar(6)', using: 'name::varchar(6)' },
  ],
});
const CODE = madeStatement(0, 'DO $$ BEGIN PERFORM change(); END $$', {
  kind: 'DoStmt',
  relations: [],
  does: [{ does: 'run-code', by: 'DO' }],
});
const FOREIGN_KEY = madeStatement(0, 'ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users', {
  relations: ['public.orders', 'public.users'],
  does: [
    {
      does: 'add-constraint',
      table: 'orders',
      type: 'foreign-key',
      columns: ['user_id'],
      definition: 'FOREIGN KEY (user_id) REFERENCES users',
      not_valid: false,
      using_index: false,
      references: 'users',
    },
  ],
});
const OF_PARTITION = madeStatement(0, 'CREATE INDEX ON orders_2024 (user_id)', {
  kind: 'IndexStmt',
  relations: ['public.orders_2024'],
  does: [
    {
      does: 'create-index',
      table: 'orders_2024',
      unique: false,
      concurrently: false,
      if_not_exists: false,
      concurrent_sql: '',
    },
  ],
});

const PARTS = (rows: number): readonly TableSize[] => [
  table('public.orders', rows + 40, {
    parts: [
      { table: 'public.orders_2024', rows },
      { table: 'public.orders_2025', rows: 40 },
    ],
  }),
];

export const UNTOLD_REACH: readonly Defect[] = [
  {
    name: 'an empty table found by a path, while another one is full',
    spoil: onTables(
      [table('app.users', 0), table('public.log', 500)],
      UNDER_A_PATH,
      cost({ locks: { 'app.users': 'AccessExclusiveLock' } }),
    ),
    check: 'data-present',
    outcome: 'inconclusive',
    says: /^app\.users held no row on this copy$/,
  },
  {
    name: 'an empty table found by a path, that was never run alone',
    spoil: (facts) =>
      without('alone')(onTables([table('app.users', 0), table('public.log', 500)], UNDER_A_PATH, {})(facts)),
    check: 'data-present',
    outcome: 'inconclusive',
    says: /^app\.users held no row on this copy$/,
  },
  {
    name: 'an empty table found by a path before a full one of the same name',
    spoil: onTables(
      [table('app.users', 0), table('public.users', 500)],
      UNDER_A_PATH,
      cost({ locks: { 'app.users': 'AccessExclusiveLock' } }),
    ),
    check: 'values-kept',
    outcome: 'inconclusive',
    says: /no proof, because data-present does not hold: app\.users held no row/,
  },
  {
    name: 'an empty table that code changes',
    spoil: onTables(
      [table('public.users', 0), table('public.log', 500)],
      CODE,
      cost({ locks: { 'public.users': 'AccessExclusiveLock', 'public.log': 'AccessShareLock' } }),
    ),
    check: 'data-present',
    outcome: 'inconclusive',
    says: /^public\.users held no row on this copy, so what it does to its rows was not seen/,
  },
  {
    name: 'an empty table with a foreign key to a full one',
    spoil: onTables(
      [table('public.orders', 0), table('public.users', 500)],
      FOREIGN_KEY,
      cost({
        locks: { 'public.orders': 'ShareRowExclusiveLock', 'public.users': 'ShareRowExclusiveLock' },
      }),
    ),
    check: 'data-present',
    outcome: 'inconclusive',
    says: /^public\.orders held no row on this copy, so what it does to its rows was not seen; the others held 500 rows$/,
  },
  {
    name: 'an empty partition of a full table',
    spoil: onTables(PARTS(0), OF_PARTITION, cost({ locks: { 'public.orders_2024': 'ShareLock' } })),
    check: 'data-present',
    outcome: 'inconclusive',
    says: /^public\.orders_2024 held no row/,
  },
  {
    name: 'a partitioned table written anew',
    spoil: onTables(
      PARTS(900),
      UNDER_A_PATH,
      cost({
        rewritten: ['public.orders_2024', 'public.orders_2025'],
        locks: { 'public.orders': 'AccessExclusiveLock' },
      }),
      { orders: 50_000_000 },
    ),
    check: 'table-rewrite',
    outcome: 'fail',
    says: /^statement 1 writes anew public\.orders \(50,000,000 rows\)/,
  },
  {
    name: 'an index on one partition',
    spoil: onTables(
      PARTS(40),
      OF_PARTITION,
      cost({
        indexes_built: ['public.orders_2024_user_id_idx'],
        indexed: ['public.orders_2024'],
        locks: { 'public.orders_2024': 'ShareLock' },
      }),
      { orders: 50_000_000 },
    ),
    check: 'table-rewrite',
    outcome: 'fail',
    says: /^statement 1 builds an index on public\.orders_2024 \(25,000,000 rows\)/,
  },
  {
    name: 'an index that code builds',
    spoil: onTables(
      [table('public.users', 500)],
      CODE,
      cost({
        indexes_built: ['public.by_name'],
        indexed: ['public.users'],
        locks: { 'public.users': 'ShareLock' },
      }),
    ),
    check: 'table-rewrite',
    outcome: 'fail',
    says: /builds an index on public\.users \(500 rows\)/,
  },
  {
    name: 'a materialized view written anew, whose rows nobody counted',
    spoil: cost({
      rewritten: ['public.totals'],
      locks: { 'public.totals': 'AccessExclusiveLock' },
    }),
    check: 'table-rewrite',
    outcome: 'inconclusive',
    says: /^statement 1 writes anew public\.totals, and nobody counted its rows$/,
  },
];
