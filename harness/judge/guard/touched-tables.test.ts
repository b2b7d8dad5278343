import { expect, test } from 'vitest';
import { cost } from './testing/defects.ts';
import { onTables } from './testing/defects-reach.ts';
import { found } from './testing/found.ts';
import { madeFacts, madeStatement } from './testing/made-guard.ts';

test('a table that is only referred to may be empty', () => {
  const statement = madeStatement(0, 'ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users', {
    relations: ['public.orders', 'public.users'],
    does: [
      {
        does: 'add-constraint',
        table: 'orders',
        type: 'foreign-key',
        columns: ['user_id'],
        definition: '',
        not_valid: false,
        using_index: false,
      },
    ],
  });
  const tables = [
    { table: 'public.orders', rows: 9, bytes: 90 },
    { table: 'public.users', rows: 0, bytes: 0 },
  ];
  const locks = { 'public.orders': 'ShareRowExclusiveLock', 'public.users': 'ShareRowExclusiveLock' };
  const facts = onTables(tables, statement, cost({ locks }))(madeFacts());
  expect(found(facts, 'data-present')).toMatchObject({ outcome: 'pass', severity: 'low' });
});

test('code that was seen to touch no table is held for harmless', () => {
  const statement = madeStatement(0, 'DO $$ BEGIN END $$', {
    kind: 'DoStmt',
    relations: [],
    does: [{ does: 'run-code', by: 'DO' }],
  });
  const tables = [{ table: 'public.users', rows: 9, bytes: 90 }];
  const facts = onTables(tables, statement, cost({ locks: {} }))(madeFacts());
  const one = found(facts, 'data-present');
  expect(one).toMatchObject({ outcome: 'pass' });
  expect(one.reason).toBe('it touches no table that was there before');
});
