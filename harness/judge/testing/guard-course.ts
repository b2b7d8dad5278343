/** Made-up runs of a migration with the guard before it. */
import type { GateController, GuardVerdictData, MigrationData } from '#harness/core/migration.ts';
import type { DatabaseContentData } from '#harness/core/recovery.ts';
import { syntheticMigration } from '#harness/core/testing/synthetic-migration.ts';
import { after, object, observer, type Timed } from '#harness/core/testing/synthetic-parts.ts';
import { Timeline } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { judgeRun } from '../judge-run.ts';

export const NAMESPACE = 'shop-demo';
const SUBJECT = `Migration/${NAMESPACE}/change`;
/** The guard's Job, and its pod. */
export const GUARD_JOB = 'shop-guard-change';
const REVISION = '9e6c342a16cfcd0bbcea054dc81d7858645155ca';

export function migration(at_s: number, state: MigrationData['state'], note = 'its pod was made'): Timed {
  return { at: after(at_s), source: 'database', kind: 'migration', subject: SUBJECT, data: { state, note } };
}

export function verdict(at_s: number, data: Partial<GuardVerdictData>): Timed {
  const said = {
    why: 'so it is',
    migrations: ['migration.sql'],
    failed: [],
    exit_code: 0,
    pod: `${GUARD_JOB}-8glsc`,
  };
  return {
    at: after(at_s),
    source: 'database',
    kind: 'guard',
    subject: SUBJECT,
    data: { outcome: 'pass', ...said, ...data },
  };
}

export const FAILS: Partial<GuardVerdictData> = {
  outcome: 'fail',
  exit_code: 1,
  failed: [
    { check: 'values-kept', outcome: 'fail', severity: 'critical', reason: '5000 values are cut off' },
  ],
};

/** The release was shipped with its migration, by a commit. */
export const shipped: readonly Timed[] = [
  {
    at: after(18),
    source: 'git',
    kind: 'commit',
    subject: `Repository/${NAMESPACE}`,
    data: { revision: REVISION, branch: 'main', message: 'Ship', author: 'a', files: [] },
  },
  {
    at: after(18),
    source: 'release',
    kind: 'shipped',
    subject: `Repository/${NAMESPACE}`,
    data: { release: 'v2', document: {} },
  },
];

/** What Flux says of the guard's step. */
export function kustomization(message: string, fields: Readonly<Record<string, string>> = {}): Timed {
  return object(after(21), `Kustomization/${NAMESPACE}/guard`, 'modified', {
    ready: false,
    failed: true,
    reason: 'HealthCheckFailed',
    message,
    attempted: `main@sha1:${REVISION}`,
    ...fields,
  });
}

export const STALLED = `health check failed after 10.080867759s: failed early due to stalled resources: [Job/${NAMESPACE}/${GUARD_JOB} status: 'Failed']`;

export const watched = observer('guard', after(0), after(61));
export const REFUSED = migration(22, 'refused', 'the Kustomization says so');

/** The same before and after: nothing was migrated. */
export const UNTOUCHED = (data: DatabaseContentData): DatabaseContentData => ({
  ...data,
  tables: [{ table: 's.orders', rows: 5000, content_hash: 'aa', columns: { id: '01', content_hash: '02' } }],
  columns: { 's.orders.id': 'text NOT NULL', 's.orders.content_hash': 'text' },
});

export interface Course {
  readonly says: 'pass' | 'fail';
  /** Flux when absent. */
  readonly by?: GateController;
  readonly more: readonly Timed[];
  readonly next_from_s?: number;
  readonly content?: (data: DatabaseContentData) => DatabaseContentData;
}

/** What the rule about the guard says of a run. */
export function ruleOf({
  says,
  by = 'flux',
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
          guard: { says, release: 'v2', by },
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
