/** Harm to rows and values, to whoever works meanwhile, and to the data itself. */
import { alone, cost, type Defect, load, name, without } from './defects.ts';
import { madeContent, madeFailing, madeHeld, madeLoad, madeMigration, madeWait, ROWS } from './made-guard.ts';

export const HARM: readonly Defect[] = [
  {
    name: 'one row changed among a million',
    spoil: name({ changed: 1, examples: ['id=4711'] }),
    check: 'values-kept',
    outcome: 'fail',
    severity: 'high',
    says: /^1 value of public\.users\.name is changed \(0\.0001 %\), and the server said nothing/,
  },
  {
    name: 'values cut off by an explicit cast',
    spoil: name({ changed: 1204, truncated: 1204, type_after: 'character varying(16)' }),
    check: 'values-kept',
    outcome: 'fail',
    severity: 'high',
    says: /^1,204 values of public\.users\.name are cut off \(0\.1 %\)/,
  },
  {
    name: 'values that became NULL',
    spoil: name({ nulled: 50_000 }),
    check: 'values-kept',
    outcome: 'fail',
    severity: 'critical',
    says: /^50,000 values .* are NULL now \(5\.0 %\)/,
  },
  {
    name: 'a full column dropped',
    spoil: {
      content: madeContent({
        columns: [
          {
            column: 'name',
            type_before: 'text',
            filled: ROWS,
            changed: 0,
            truncated: 0,
            nulled: 0,
            gained: 0,
            lost: ROWS,
            examples: [],
          },
        ],
      }),
    },
    check: 'values-kept',
    outcome: 'fail',
    severity: 'critical',
    says: /^1,000,000 values of public\.users\.name are lost \(100\.0 %\)$/,
  },
  {
    name: 'one row deleted among a million',
    spoil: { content: madeContent({ rows_after: ROWS - 1, rows_lost: 1, examples: ['id=7'] }) },
    check: 'rows-kept',
    outcome: 'fail',
    severity: 'high',
    says: /^1 row of public\.users is gone \(0\.0001 %\)/,
  },
  {
    name: 'a full table dropped',
    spoil: {
      content: {
        tables: [
          {
            table: 'public.users',
            rows_before: ROWS,
            rows_after: 0,
            rows_lost: ROWS,
            rows_added: 0,
            examples: [],
            columns: [],
          },
        ],
      },
    },
    check: 'rows-kept',
    outcome: 'fail',
    severity: 'critical',
    says: /^1,000,000 rows of public\.users are gone \(100\.0 %\)/,
  },
  {
    name: 'a lock held for 5 s that stops readers',
    spoil: { under_load: madeLoad({ ...madeWait('readers', 5012), duration_ms: 5012 }) },
    check: 'readers-blocked',
    outcome: 'fail',
    severity: 'critical',
    says: /^readers were blocked for up to 5,012 ms by statement 1, for AccessShareLock on public\.users while it held AccessExclusiveLock/,
  },
  {
    name: 'a lock held for 600 ms that stops writers',
    spoil: { under_load: madeLoad({ ...madeWait('writers', 600), duration_ms: 600 }) },
    check: 'writers-blocked',
    outcome: 'fail',
    severity: 'high',
    says: /^writers were blocked for up to 600 ms by statement 1/,
  },
  {
    name: 'a lock held for 5 s on a table that nobody at work touches',
    spoil: (facts) => ({
      ...facts,
      data: {
        ...facts.data,
        tables: [...facts.data.tables, { table: 'public.small_one', rows: 3, bytes: 8192 }],
      },
      migrations: [
        madeMigration({
          under_load: madeLoad({
            duration_ms: 5012,
            held: [madeHeld('public.users', 5012, true), madeHeld('public.small_one', 5004, false)],
          }),
        }),
      ],
    }),
    check: 'readers-blocked',
    outcome: 'fail',
    severity: 'critical',
    says: /^AccessExclusiveLock on public\.small_one, taken by statement 1, was held for 5,004 ms: no statement of the release touched the table meanwhile/,
  },
  {
    name: 'nobody at work, and a lock held alone for 1.2 s',
    spoil: (facts) => ({
      ...without('under_load')({
        ...facts,
        migrations: [madeMigration(cost({ duration_ms: 1204 }))],
      }),
    }),
    check: 'readers-blocked',
    outcome: 'fail',
    says: /^readers of public\.users would be blocked for 1,204 ms/,
  },
  {
    name: 'a reader that left at once',
    spoil: { behind_reader: madeLoad({ reader_held_ms: 20 }) },
    check: 'lock-queue',
    outcome: 'inconclusive',
    says: /stayed open for only 20 ms/,
  },
  {
    name: 'the data refuses it',
    spoil: alone({
      outcome: 'refused',
      refusal: { index: 0, code: '23502', message: 'column "nickname" contains null values' },
    }),
    check: 'runs-on-data',
    outcome: 'fail',
    severity: 'high',
    says: /^the server refused statement 1: 23502 .*; it fails safe: nothing was lost or left behind$/,
  },
  {
    name: 'a refused run that leaves an invalid index',
    spoil: alone({
      outcome: 'refused',
      refusal: { index: 0, code: '23505', message: 'could not create unique index' },
      residue: ['invalid index public.users_name_key'],
    }),
    check: 'residue',
    outcome: 'fail',
    says: /invalid index public\.users_name_key/,
  },
  {
    name: 'a deadlock with the old release',
    spoil: {
      under_load: madeLoad({
        outcome: 'refused',
        refusal: { index: 0, code: '40P01', message: 'deadlock detected' },
      }),
    },
    check: 'runs-on-data',
    outcome: 'fail',
    says: /while the releases work the server refused statement 1: 40P01/,
  },
  {
    name: 'the old release fails while it runs',
    spoil: load(madeFailing('old', 'during', 4)),
    check: 'old-release-during',
    outcome: 'fail',
    says: /^4 statements of the old release failed while it ran \(0\.4 %\): 42703/,
  },
  {
    name: 'the old release fails after it',
    spoil: load(madeFailing('old', 'after', 700)),
    check: 'old-release-after',
    outcome: 'fail',
    severity: 'critical',
    says: /^700 statements of the old release failed after it/,
  },
  {
    name: 'the new release fails after it',
    spoil: load(madeFailing('new', 'after', 1)),
    check: 'new-release-after',
    outcome: 'fail',
    severity: 'high',
    says: /^1 statement of the new release failed after it/,
  },
  {
    name: 'no order of migration and release works',
    spoil: { ...load(madeFailing('old', 'after', 700)), new_before: madeFailing('new', 'before', 900) },
    check: 'new-release-before',
    outcome: 'fail',
    says: /^no order works: 900 statements of the new release/,
  },
];
