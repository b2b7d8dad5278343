/** Harm to what the releases write, and to the new one, while the migration runs. */
import type { UnderLoadFacts, WrittenFacts, WrittenTableFacts } from '#harness/core/guard/load-facts.ts';
import { type Defect, load, without } from './defects.ts';
import { madeLoad, madeWorkload, madeWritten } from './made-guard.ts';

const written = (
  table: Partial<WrittenTableFacts>,
  more: Partial<WrittenFacts> = {},
): { readonly under_load: UnderLoadFacts } => ({
  under_load: madeLoad({
    written: { changes: 400, tables: [madeWritten(table)], not_compared: [], ...more },
  }),
});

const unlogged = (written_missing: string): { readonly under_load: UnderLoadFacts } => {
  const { written: _, ...others } = madeLoad();
  return { under_load: { ...others, written_missing } };
};

/** A stretch in which one of two statements failed once. */
const oneFailed = () =>
  madeWorkload('new', 'during', {
    failed: 1,
    good: 899,
    errors: [{ code: '42P01', message: 'relation "users" does not exist', count: 1 }],
    by_statement: [
      { name: 'user by id', reads_only: true, begun: 700, failed: 1, latency_max_ms: 12 },
      { name: 'rename user', reads_only: false, begun: 200, failed: 0, latency_max_ms: 20 },
    ],
  });

export const MEANWHILE: readonly Defect[] = [
  {
    name: 'a row that was written between copy and swap',
    spoil: written({ missing: 1, examples: ['id=51'] }),
    check: 'writes-kept',
    outcome: 'fail',
    severity: 'critical',
    says: /^1 row that the releases wrote to public\.users is not as they left it/,
  },
  {
    name: 'a change that was made between copy and swap',
    spoil: written({ changed: 3, columns: ['name'], examples: ['id=2'] }),
    check: 'writes-kept',
    outcome: 'fail',
    says: /^3 rows that the releases wrote/,
  },
  {
    name: 'a row that was deleted and came back with the copy',
    spoil: written({ returned: 2, examples: ['id=1'] }),
    check: 'writes-kept',
    outcome: 'fail',
    says: /^2 rows that the releases wrote/,
  },
  {
    name: 'writes that were answered and that no log tells of',
    spoil: written({}, { changes: 0, tables: [] }),
    check: 'writes-kept',
    outcome: 'inconclusive',
    says: /writes of the releases were answered, and the server knows of no row that they changed$/,
  },
  {
    name: 'a server without a log of changes',
    spoil: unlogged('the server keeps no log of changes: no plugin'),
    check: 'writes-kept',
    outcome: 'inconclusive',
    says: /^the server keeps no log of changes: no plugin$/,
  },
  {
    name: 'a table without a key that the migration touches',
    spoil: written({}, { not_compared: [{ table: 'public.users', why: 'its rows cannot be told apart' }] }),
    check: 'writes-kept',
    outcome: 'inconclusive',
    says: /public\.users: its rows cannot be told apart$/,
  },
  {
    name: 'no release at work while it ran, for a reason that nobody knows, of a migration that was refused',
    spoil: (facts) => without('alone')(without('under_load')(facts)),
    check: 'writes-kept',
    outcome: 'inconclusive',
    says: /^no release was at work while it ran$/,
  },
  {
    name: 'a statement of the new release that fails while it runs, and neither before nor after',
    spoil: load(oneFailed()),
    check: 'new-release-during',
    outcome: 'fail',
    says: /^user by id of the new release failed while it ran, and not before it$/,
  },
  {
    name: 'a new release that was not at work while it ran',
    spoil: {
      under_load: madeLoad({
        workloads: madeLoad().workloads.filter(({ side, moment }) => side !== 'new' || moment !== 'during'),
        new_during_missing: 'the release `shop` exited with 7',
      }),
    },
    check: 'new-release-during',
    outcome: 'inconclusive',
    says: /^the release `shop` exited with 7$/,
  },
];
