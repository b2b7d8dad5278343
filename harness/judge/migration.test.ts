import { describe, expect, test } from 'vitest';
import {
  REFUSALS,
  REFUSALS_OF_PROXY,
  syntheticMigration,
  type SyntheticMigrationOptions,
} from '#harness/core/testing/synthetic-migration.ts';
import { after, type Answers, type Timed } from '#harness/core/testing/synthetic-parts.ts';
import type { ReadOnlyData, ScratchRestoreData } from '#harness/core/migration.ts';
import type { DatabaseContentData } from '#harness/core/recovery.ts';
import { Timeline } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

function rules(options: SyntheticMigrationOptions): readonly RuleVerdict[] {
  return judgeRun(new Timeline(syntheticMigration(options))).rules;
}

function complaints(options: SyntheticMigrationOptions): string[] {
  return complaintsOf({ rules: rules(options) });
}

const reasonOf = (id: string, options: SyntheticMigrationOptions): string =>
  rules(options).find(({ rule }) => rule === id)?.reason ?? '';

const afterwards =
  (
    change: (data: DatabaseContentData) => DatabaseContentData,
  ): NonNullable<SyntheticMigrationOptions['content']> =>
  (data) =>
    data.moment === 'after' ? change(data) : data;

const table = (columns: Readonly<Record<string, string>>, rows = 5000) =>
  afterwards((data) => ({
    ...data,
    tables: [{ table: 's.orders', rows, content_hash: 'bb', columns }],
  }));

describe('expand, migrate, contract', () => {
  test('passes when nobody noticed', () => {
    expect(complaints({})).toEqual([]);
    expect(rules({}).map(({ rule }) => rule)).toEqual([
      'migrations-took',
      'migration-compatible',
      'rows-kept',
      'no-order-lost',
      'no-failed-request',
      'migration-waited',
      'healthy-after',
      'steady-after',
      'run-complete',
      'load-self-check',
      'steady-before',
    ]);
  });

  test.each<[what: string, options: SyntheticMigrationOptions, complaint: string]>([
    ['orders fail for a second', { failing: { from_s: 16, seconds: 1 } }, 'migration-compatible: fail'],
    ['orders fail for a second', { failing: { from_s: 16, seconds: 1 } }, 'no-failed-request: fail'],
    ['nobody read the log', { unread: true }, 'migration-compatible: inconclusive'],
    ['a migration fails', { states: { expand: 'failed' } }, 'migrations-took: fail'],
    ['a migration is refused', { states: { contract: 'refused' } }, 'migrations-took: fail'],
    ['nobody asked for one', { states: { contract: 'none' } }, 'migrations-took: inconclusive'],
    ['one that must be refused begins', { states: { early: 'applied' } }, 'migrations-took: fail'],
    ['one that must be refused begins', { states: { early: 'applied' } }, 'migration-waited: fail'],
    ['a pod of the old release lives when it is retired', { old_gone_s: 41 }, 'migration-waited: fail'],
    ['it is refused although no pod of the old release lives', { old_gone_s: 19 }, 'migration-waited: fail'],
    [
      'a migration changes nothing',
      { content: (data) => ({ ...data, columns: {} }) },
      'migrations-took: fail',
    ],
    [
      'the old column is still there',
      {
        content: afterwards((data) => ({
          ...data,
          columns: { ...data.columns, 's.orders.content_hash': 'text' },
        })),
      },
      'migrations-took: fail',
    ],
    ['a row is lost', { content: table({ id: '01', digest: '02' }, 4999) }, 'rows-kept: fail'],
    ['one value was copied wrong', { content: table({ id: '01', digest: '03' }) }, 'rows-kept: fail'],
    [
      'one value of another column changed',
      { content: table({ id: '00', digest: '02' }) },
      'rows-kept: fail',
    ],
    ['a column with values is gone', { content: table({ id: '01' }) }, 'rows-kept: fail'],
    ['a table is gone', { content: afterwards((data) => ({ ...data, tables: [] })) }, 'rows-kept: fail'],
    ['the tables were empty', { content: (data) => ({ ...data, tables: [] }) }, 'rows-kept: inconclusive'],
    [
      'other rows were read afterwards',
      { content: afterwards((data) => ({ ...data, up_to: { 's.orders': 4000 } })) },
      'rows-kept: inconclusive',
    ],
    ['an order is lost', { held: (all) => all.slice(1) }, 'no-order-lost: fail'],
    ['an order is there twice', { held: (all) => [...all, ...all.slice(0, 1)] }, 'no-order-lost: fail'],
    [
      'an order holds something else',
      { held: (all) => all.map((one, index) => (index === 9 ? { ...one, content_hash: 'dd' } : one)) },
      'no-order-lost: fail',
    ],
  ])('%s: %s', (_what, options, complaint) => {
    expect(complaints(options)).toContain(complaint);
  });

  test('the reason leads an error back to its migration, with what the server said', () => {
    const errors = [
      {
        sqlstate: '42703',
        message: 'column "content_hash" of relation "orders" does not exist',
        count: 30,
        first_at: after(15) + 400,
        last_at: after(16),
      },
    ];
    expect(reasonOf('migration-compatible', { failing: { from_s: 16, seconds: 1 }, errors })).toBe(
      '30 requests of v1 with status 503 failed, the first 1.0 s after expand began; PostgreSQL refused 30 statements with 42703 (column "content_hash" of relation "orders" does not exist), the first 0.4 s after expand began',
    );
    expect(complaints({ errors })).toEqual(['migration-compatible: fail']);
  });

  test('an error from before the migration is not blamed on it', () => {
    const errors = [{ sqlstate: '57P01', message: 'x', count: 1, first_at: after(2), last_at: after(3) }];
    expect(complaints({ errors })).toEqual([]);
  });
});

/** Answers of the time in which writes are refused, where nobody reads. */
const only_writes = (from: number): readonly Answers[] | undefined =>
  from >= after(20) && from < after(30)
    ? [{ release: 'v1', group: 'read-only', count: 300, route: '/orders', status: 503, bad: true }]
    : undefined;

describe('a migration while the service is read-only', () => {
  test('passes when writes alone are refused, and taken again', () => {
    expect(complaints({ read_only: {} })).toEqual([]);
  });

  test.each<
    [what: string, read_only: NonNullable<SyntheticMigrationOptions['read_only']>, complaint: string]
  >([
    ['one write gets through', { taken: 1 }, 'read-only-held: fail'],
    ['reads fail as well', { reads_failed: 2 }, 'read-only-held: fail'],
    ['reads fail as well', { reads_failed: 2 }, 'migration-compatible: fail'],
    [
      'PUT gets through',
      { answers: REFUSALS.map((one) => (one.method === 'PUT' ? { ...one, status: 405 } : one)) },
      'read-only-held: fail',
    ],
    [
      'nobody is told when to come back',
      { answers: REFUSALS.map(({ retry_after_s: _none, ...one }) => one) },
      'read-only-held: fail',
    ],
    [
      'nobody is told why',
      { answers: REFUSALS.map((one) => ({ ...one, body: 'no' })) },
      'read-only-held: fail',
    ],
    ['nobody tried DELETE', { answers: REFUSALS.slice(0, -1) }, 'read-only-held: inconclusive'],
    ['the migration outlasts it', { migration_ends_s: 32 }, 'read-only-covers: fail'],
    ['it ends before its lease', { ends_s: 25 }, 'read-only-ends: fail'],
    ['somebody had to end it', { ended_by: 'run' }, 'read-only-ends: fail'],
    ['writes are taken again too late', { refused_until_s: 35 }, 'read-only-ends: fail'],
    ['writes are taken again too late', { refused_until_s: 35 }, 'read-only-held: fail'],
  ])('%s: %s', (_what, read_only, complaint) => {
    expect(complaints({ read_only })).toContain(complaint);
  });

  test('passes by a rule of the proxy too', () => {
    expect(complaints({ read_only: { by: 'proxy' } })).toEqual([]);
  });

  // All of them are 503 to a write.
  test.each<[by: ReadOnlyData['by'], what: string, crashed: { release: string; group?: string }]>([
    ['proxy', 'the gateway has no pod of the shop', { release: 'none' }],
    ['proxy', 'the shop has lost its database', { release: 'v1' }],
    ['proxy', 'whoever answers for the proxy is not ready itself', { release: 'read-only' }],
    ['proxy', 'the shop refuses by its own flag', { release: 'v1', group: 'read-only' }],
    ['flag', 'the gateway has no pod of the shop', { release: 'none' }],
    ['flag', 'the shop has lost its database', { release: 'v1' }],
    ['flag', 'the proxy refuses in its place', { release: 'read-only', group: 'read-only' }],
  ])('by the %s: %s is no read-only mode', (by, _what, crashed) => {
    const found = complaints({ read_only: { by, crashed: { count: 1, ...crashed } } });
    expect(found).toContain('read-only-held: fail');
    expect(found).toContain('migration-compatible: fail');
  });

  test('whoever is tried must be who was to refuse', () => {
    expect(complaints({ read_only: { by: 'proxy', answers: REFUSALS } })).toContain('read-only-held: fail');
    expect(complaints({ read_only: { answers: REFUSALS_OF_PROXY } })).toContain('read-only-held: fail');
  });

  test('proves nothing about reads where nobody read', () => {
    expect(complaints({ read_only: {}, answers: only_writes })).toContain('read-only-held: inconclusive');
  });
});

describe('a migration that was refused', () => {
  const declared = {
    migrations: [
      { name: 'early', expected: 'refused', adds: ['orders.digest'], drops: ['orders.content_hash'] },
      { name: 'contract', expected: 'applied', adds: ['orders.digest'], drops: ['orders.content_hash'] },
    ],
  } as const;
  const UNTOUCHED = { 's.orders.id': 'text NOT NULL', 's.orders.content_hash': 'text' };
  const read = (at_s: number, columns: Readonly<Record<string, string>> = UNTOUCHED): Timed => ({
    at: after(at_s),
    source: 'database',
    kind: 'refused_columns',
    subject: 'Migration/shop-demo/early',
    data: { columns },
  });
  const judged = (...more: readonly Timed[]) => ({
    expectation: declared,
    states: { expand: 'none' } as const,
    more,
  });

  test('has changed nothing, although the same statements were applied afterwards', () => {
    expect(complaints(judged(read(21)))).toEqual([]);
  });

  test.each<[what: string, columns: Readonly<Record<string, string>>, says: string]>([
    [
      'what it adds is there',
      { ...UNTOUCHED, 's.orders.digest': 'text' },
      'early was refused, and orders.digest is there all the same',
    ],
    [
      'what it drops is gone',
      { 's.orders.id': 'text NOT NULL' },
      'early was refused, and orders.content_hash is gone all the same',
    ],
  ])('fails where %s all the same', (_what, columns, says) => {
    const options = judged(read(21, columns));
    expect(complaints(options)).toEqual(['migrations-took: fail']);
    expect(reasonOf('migrations-took', options)).toBe(says);
  });

  test.each<[what: string, more: readonly Timed[]]>([
    ['nobody looked', []],
    ['somebody looked before it was refused', [read(19)]],
    ['somebody looked only once another had begun', [read(41)]],
  ])('is inconclusive where %s', (_what, more) => {
    expect(complaints(judged(...more))).toEqual(['migrations-took: inconclusive']);
  });
});

const restored = (at_s: number, change: Partial<ScratchRestoreData> = {}): Timed => ({
  at: after(at_s),
  source: 'database',
  kind: 'scratch_restore',
  subject: '20260115T100000Z',
  data: { taken_at: after(10), state: 'same', tables: 1, rows: 5000, note: 'the same', ...change },
});

describe('a migration with a backup before it', () => {
  const declared = {
    migrations: [{ name: 'expand', expected: 'applied', adds: ['orders.digest'], backup_within_s: 10 }],
  } as const;
  const judged = (...more: readonly Timed[]): string[] => complaints({ expectation: declared, more });

  test('passes with one that was restored and is fresh', () => {
    expect(judged(restored(14))).toEqual([]);
  });

  test.each<[what: string, more: readonly Timed[]]>([
    ['there is none', []],
    ['it was restored too late', [restored(16)]],
    ['it is too old', [restored(14, { taken_at: after(4) })]],
    ['it holds something else', [restored(14, { state: 'differs' })]],
    ['it could not be restored', [restored(14, { state: 'failed' })]],
    ['it is empty', [restored(14, { rows: 0 })]],
  ])('fails when %s', (_what, more) => {
    expect(judged(...more)).toEqual(['backup-first: fail']);
  });

  test('one that is refused although a good backup is there was refused wrongly', () => {
    const migrations = [{ name: 'expand', expected: 'refused', backup_within_s: 10 }] as const;
    const states = { expand: 'refused' } as const;
    const refused = { expectation: { ...declared, migrations }, states };
    expect(complaints({ ...refused, more: [restored(14)] })).toContain('backup-first: fail');
    expect(complaints(refused)).not.toContain('backup-first: fail');
  });
});
