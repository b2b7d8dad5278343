import { expect, test } from 'vitest';
import { MIGRATION_APP, type GuardVerdictData, type MigrationData } from '#harness/core/migration.ts';
import { syntheticMigration } from '#harness/core/testing/synthetic-migration.ts';
import { after, object, observer, type Timed } from '#harness/core/testing/synthetic-parts.ts';
import type { DatabaseContentData } from '#harness/core/recovery.ts';
import { Timeline } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { judgeRun } from './judge-run.ts';

const SUBJECT = 'Migration/shop-demo/change';

function migration(at_s: number, state: MigrationData['state'], note = 'its pod was made'): Timed {
  return { at: after(at_s), source: 'database', kind: 'migration', subject: SUBJECT, data: { state, note } };
}

function verdict(at_s: number, data: Partial<GuardVerdictData>): Timed {
  const said = { why: 'so it is', migrations: ['migration.sql'], failed: [], exit_code: 0, pod: 'guard-x' };
  return {
    at: after(at_s),
    source: 'database',
    kind: 'guard',
    subject: SUBJECT,
    data: { outcome: 'pass', ...said, ...data },
  };
}

const FAILS: Partial<GuardVerdictData> = {
  outcome: 'fail',
  exit_code: 1,
  failed: [
    { check: 'values-kept', outcome: 'fail', severity: 'critical', reason: '5000 values are cut off' },
  ],
};

const ran = (at_s: number): Timed =>
  object(after(at_s), 'Pod/shop-demo/shop-migration-change-x', 'added', {
    migration: 'change',
    app: MIGRATION_APP,
  });

/** A Job that waits to be started does nothing. */
const shipped = (started: boolean): Timed =>
  object(after(19), 'Job/shop-demo/shop-migration-change', 'added', {
    migration: 'change',
    app: MIGRATION_APP,
    suspended: !started,
    started,
  });

const watched = observer('guard', after(0), after(61));

/** The same before and after: nothing was migrated. */
const UNTOUCHED = (data: DatabaseContentData): DatabaseContentData => ({
  ...data,
  tables: [{ table: 's.orders', rows: 5000, content_hash: 'aa', columns: { id: '01', content_hash: '02' } }],
  columns: { 's.orders.id': 'text NOT NULL', 's.orders.content_hash': 'text' },
});

interface Course {
  readonly says: 'pass' | 'fail';
  readonly more: readonly Timed[];
  readonly next_from_s?: number;
  readonly content?: (data: DatabaseContentData) => DatabaseContentData;
}

function ruleOf({
  says,
  more,
  next_from_s = Infinity,
  content = UNTOUCHED,
}: Course): RuleVerdict | undefined {
  const records = syntheticMigration({
    expectation: {
      migrations: [
        {
          name: 'change',
          expected: says === 'pass' ? 'applied' : 'refused',
          guard: { says, release: 'v2' },
        },
      ],
      moved: {},
    },
    states: { expand: 'none', early: 'none', contract: 'none' },
    next_from_s,
    content,
    more,
  });
  const wanted = says === 'pass' ? 'guard-passed' : 'guard-blocked';
  return judgeRun(new Timeline(records)).rules.find(({ rule }) => rule === wanted);
}

const REFUSED = migration(22, 'refused', 'the Kustomization says so');
const BLOCKED: Course = { says: 'fail', more: [...watched, verdict(20, FAILS), REFUSED] };

test('a Job that was shipped and never started is none that ran', () => {
  expect(ruleOf({ ...BLOCKED, more: [...BLOCKED.more, shipped(false)] })?.outcome).toBe('pass');
});

test('a migration that was held back after the verdict passes, with the check and the words of the gate', () => {
  expect(ruleOf(BLOCKED)).toMatchObject({
    outcome: 'pass',
    reason: 'the guard refused change (values-kept: 5000 values are cut off), and the Kustomization says so',
  });
});

const cut = (data: DatabaseContentData): DatabaseContentData => {
  const same = UNTOUCHED(data);
  const type = data.moment === 'after' ? 'character varying(4)' : 'text';
  return { ...same, columns: { ...same.columns, 's.orders.content_hash': type } };
};

test.each<[what: string, course: Partial<Course>, outcome: string, reason: RegExp]>([
  ['a pod ran it', { more: [...BLOCKED.more, ran(23)] }, 'fail', /reached the database: Pod\/.* ran it/],
  ['its Job was started', { more: [...BLOCKED.more, shipped(true)] }, 'fail', /Job\/\S+ ran it/],
  ['it began', { more: [...BLOCKED.more, migration(23, 'begun')] }, 'fail', /reached the database/],
  ['nobody judged it, and it ran', { more: [ran(23)] }, 'fail', /reached the database/],
  ['a column changed', { content: cut }, 'fail', /content_hash is character varying\(4\), and was text/],
  ['its release had users', { next_from_s: 40 }, 'fail', /v2 answered \d+ requests/],
  ['the guard let it pass', { more: [...watched, verdict(20, {}), REFUSED] }, 'fail', /let change pass/],
  ['the guard said nothing', { more: [...watched, REFUSED] }, 'inconclusive', /said nothing of change/],
  ['nobody watched', { more: [verdict(20, FAILS), REFUSED] }, 'inconclusive', /nothing observed guard/],
  [
    'the guard was not sure',
    { more: [...watched, verdict(20, { outcome: 'inconclusive', exit_code: 2, why: 'no rows' }), REFUSED] },
    'inconclusive',
    /came to no verdict on change: no rows/,
  ],
  [
    'it was held back for another reason',
    { more: [...watched, verdict(24, FAILS), REFUSED] },
    'inconclusive',
    /before the guard had spoken/,
  ],
  [
    'nobody was seen to hold it back',
    { more: [...watched, verdict(20, FAILS)] },
    'inconclusive',
    /nobody was seen to hold change back/,
  ],
  [
    'no check was named',
    { more: [...watched, verdict(20, { ...FAILS, failed: [] }), REFUSED] },
    'inconclusive',
    /named no check/,
  ],
])('blocked, but %s: %s', (_what, course, outcome, reason) => {
  const found = ruleOf({ ...BLOCKED, ...course });
  expect(found?.outcome).toBe(outcome);
  expect(found?.reason).toMatch(reason);
});

const APPLIED = [migration(22, 'begun'), migration(24, 'applied')];
const PASSED: Course = { says: 'pass', more: [...watched, verdict(20, {}), ...APPLIED], next_from_s: 30 };

test('verdict, migration and release in this order pass', () => {
  expect(ruleOf(PASSED)).toMatchObject({
    outcome: 'pass',
    reason: 'the guard passed change, which began 2.0 s later; v2 answered 6.0 s after it was applied',
  });
});

test.each<[what: string, course: Partial<Course>, outcome: string, reason: RegExp]>([
  ['the guard refused it', { more: [...watched, verdict(20, FAILS)] }, 'fail', /the guard refused change/],
  [
    'it began before the verdict',
    { more: [...watched, verdict(23, {}), ...APPLIED] },
    'fail',
    /began 1\.0 s before the guard had spoken/,
  ],
  ['the release was first', { next_from_s: 15 }, 'fail', /v2 answered .* before change was applied/],
  ['the release never served', { next_from_s: Infinity }, 'inconclusive', /never answered/],
  ['nobody judged it', { more: [...watched, ...APPLIED] }, 'inconclusive', /said nothing/],
  ['it was not applied', { more: [...watched, verdict(20, {})] }, 'inconclusive', /not seen to be applied/],
])('passed, but %s', (_what, course, outcome, reason) => {
  const found = ruleOf({ ...PASSED, ...course });
  expect(found?.outcome).toBe(outcome);
  expect(found?.reason).toMatch(reason);
});
