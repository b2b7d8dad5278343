import { expect, test } from 'vitest';
import { MIGRATION_APP } from '#harness/core/migration.ts';
import { after, object, type Timed } from '#harness/core/testing/synthetic-parts.ts';
import type { DatabaseContentData } from '#harness/core/recovery.ts';
import {
  type Course,
  FAILS,
  kustomization,
  migration,
  REFUSED,
  ruleOf,
  shipped as committed,
  STALLED,
  UNTOUCHED,
  verdict,
  watched,
} from './testing/guard-course.ts';

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

/** What Flux does with a commit whose guard refuses. */
const BY_FLUX = [...committed, kustomization(STALLED)];
const BLOCKED: Course = { says: 'fail', more: [...watched, ...BY_FLUX, verdict(20, FAILS), REFUSED] };

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
  [
    'the guard let it pass',
    { more: [...watched, ...BY_FLUX, verdict(20, {}), REFUSED] },
    'fail',
    /let change pass/,
  ],
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
    { more: [...watched, ...BY_FLUX, verdict(20, { ...FAILS, failed: [] }), REFUSED] },
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
