/** Costs that grow, ground that does not hold, and evidence that is missing. */
import { cost, type Defect, load, without } from './defects.ts';
import { madeFailing, madeLoad, madeMigration, madeTable, madeWorkload } from './made-guard.ts';

const ALL_ALONG = [
  { name: 'user by id', reads_only: true, begun: 700, failed: 30, latency_max_ms: 12 },
] as const;

const ONE_UNSENT = [
  { name: 'user by id', reads_only: true, begun: 900, failed: 0, latency_max_ms: 12 },
  { name: 'rename user', reads_only: false, begun: 0, failed: 0, latency_max_ms: 0 },
] as const;

export const GROUNDLESS: readonly Defect[] = [
  {
    name: 'a table written anew',
    spoil: cost({ rewritten: ['public.users'], duration_ms: 900 }),
    check: 'table-rewrite',
    outcome: 'fail',
    severity: 'critical',
    says: /statement 1 writes anew public\.users \(1,000,000 rows\) in 900 ms/,
  },
  {
    name: 'an index built while writers are kept out',
    spoil: cost({ indexes_built: ['users_name_idx'], locks: { 'public.users': 'ShareLock' } }),
    check: 'table-rewrite',
    outcome: 'fail',
    says: /builds an index on public\.users/,
  },
  {
    name: 'waits that grow with the table beyond what is borne',
    spoil: (facts) => ({
      ...facts,
      data: { ...facts.data, real_rows: { users: 50_000_000 } },
      migrations: [
        madeMigration({
          growth: {
            points: [
              { rows: 10_000, duration_ms: 10, wal_bytes: 0, blocked_longest_ms: 10 },
              { rows: 10_000, duration_ms: 10, wal_bytes: 0, blocked_longest_ms: 10.1 },
              { rows: 100_000, duration_ms: 101, wal_bytes: 0, blocked_longest_ms: 101 },
              { rows: 1_000_000, duration_ms: 990, wal_bytes: 0, blocked_longest_ms: 990 },
            ],
          },
        }),
      ],
    }),
    check: 'growth',
    outcome: 'fail',
    severity: 'critical',
    says: /grows with the rows: about \d\d,\d{3} ms at 50,000,000 rows/,
  },
  {
    name: 'a check that looks at an empty copy',
    spoil: (facts) => ({
      ...facts,
      data: { ...facts.data, tables: [{ table: 'public.users', rows: 0, bytes: 0 }] },
      migrations: [madeMigration({ content: { tables: [madeTable({ rows_before: 0, columns: [] })] } })],
    }),
    check: 'values-kept',
    outcome: 'inconclusive',
    says: /no proof, because data-present does not hold/,
  },
  {
    name: 'a workload that never ran',
    spoil: { under_load: madeLoad({ workloads: [] }), behind_reader: madeLoad({ workloads: [] }) },
    check: 'workload-ran',
    outcome: 'inconclusive',
    says: /the old release never worked against the database/,
  },
  {
    name: 'a workload that sent nothing',
    spoil: load(madeWorkload('old', 'after', { due: 0, begun: 0, good: 0 })),
    check: 'old-release-after',
    outcome: 'inconclusive',
    says: /no proof, because workload-ran does not hold: the old release sent nothing after/,
  },
  {
    name: 'a statement of the old release that was never sent afterwards',
    spoil: load(madeWorkload('old', 'after', { by_statement: ONE_UNSENT })),
    check: 'old-release-after',
    outcome: 'inconclusive',
    says: /^1 statement of the old release was never sent after it: rename user$/,
  },
  {
    name: 'a statement of the new release that was never sent before',
    spoil: { new_before: madeWorkload('new', 'before', { by_statement: ONE_UNSENT }) },
    check: 'new-release-before',
    outcome: 'inconclusive',
    says: /^1 statement of the new release was never sent before it: rename user$/,
  },
  {
    name: 'a generator that was late',
    spoil: load(madeWorkload('old', 'before', { late_max_ms: 900 })),
    check: 'workload-ran',
    outcome: 'inconclusive',
    says: /late by 900 ms before/,
  },
  {
    name: 'an old release that failed all along, and is blamed on nobody',
    spoil: load(
      madeWorkload('old', 'before', { failed: 30, by_statement: ALL_ALONG }),
      madeWorkload('old', 'after', { failed: 30, by_statement: ALL_ALONG }),
    ),
    check: 'old-release-after',
    outcome: 'inconclusive',
    says: /^the old release failed after it as it had failed before it$/,
  },
  {
    name: 'an old release that failed before',
    spoil: load(madeFailing('old', 'before', 30)),
    check: 'workload-ran',
    outcome: 'inconclusive',
    says: /30 statements of the old release failed before anything was migrated/,
  },
  {
    name: 'locks looked at every 25 ms',
    spoil: {
      under_load: madeLoad({
        duration_ms: 2000,
        sampling: { median_ms: 25, longest_ms: 40, samples: 80 },
      }),
    },
    check: 'readers-blocked',
    outcome: 'inconclusive',
    says: /no proof, because sampled does not hold/,
  },
  {
    name: 'clients without an answer that no lock explains',
    spoil: {
      under_load: madeLoad({ writers: { longest_ms: 3, total_ms: 3, sessions: 1, stall_ms: 4000 } }),
    },
    check: 'writers-blocked',
    outcome: 'inconclusive',
    says: /no good answer for 4,000 ms, but the locks explain only 3\.0 ms/,
  },
  ...(
    [
      ['alone', 'runs-on-data'],
      ['content', 'rows-kept'],
      ['content', 'values-kept'],
      ['behind_reader', 'lock-queue'],
      ['under_load', 'old-release-after'],
      ['new_before', 'new-release-before'],
      ['round_trip', 'round-trip-data'],
      ['kills', 'killed-server'],
      ['growth', 'growth'],
    ] as const
  ).map(
    ([part, check]): Defect => ({
      name: `nothing measured: ${part} for ${check}`,
      spoil: without(part),
      check,
      outcome: 'inconclusive',
      says: /./,
    }),
  ),
];
