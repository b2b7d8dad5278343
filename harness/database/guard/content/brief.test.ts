import { expect, test } from 'vitest';
import { madeColumn, madeTable } from '#harness/judge/guard/testing/made-guard.ts';
import { inBrief } from './brief.ts';

const named = new Set(['public.users']);

test('columns are told of tables that are named, or that anything happened to; of others how many values they hold', () => {
  const quiet = madeTable({ table: 'public.quiet', now: 'public.quiet' });
  const harmed = madeTable({
    table: 'public.harmed',
    now: 'public.harmed',
    columns: [madeColumn('id'), madeColumn('name', { changed: 1 })],
  });
  const gone = madeTable({ table: 'public.gone', rows_lost: 3 });
  const { tables } = inBrief({ tables: [madeTable(), quiet, harmed, gone] }, named);
  expect(tables).toStrictEqual([
    madeTable(),
    { ...quiet, columns: [], values_as_before: quiet.columns.reduce((sum, { filled }) => sum + filled, 0) },
    harmed,
    gone,
  ]);
});
