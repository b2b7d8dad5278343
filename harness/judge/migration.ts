import type { MigrationExpectation } from '#harness/core/migration.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { ROLLBACK_RULES } from './flagger.ts';
import { judgeBy, SERVICE_GROUNDS } from './judge-by.ts';
import { judgeDeclared } from './judge-declared.ts';
import type { Rule } from './rule.ts';
import { backupFirst } from './rules/backup-first.ts';
import { closedClearly, downtime, releasesApart } from './rules/downtime.ts';
import { guardBlocked } from './rules/guard-blocked.ts';
import { guardPassed } from './rules/guard-passed.ts';
import { healthyAfter } from './rules/healthy-after.ts';
import { migrationBeforeAbort } from './rules/migration-before-abort.ts';
import { migrationCompatible } from './rules/migration-compatible.ts';
import { migrationOrdersKept } from './rules/migration-orders-kept.ts';
import { migrationRowsKept } from './rules/migration-rows-kept.ts';
import { migrationWaited } from './rules/migration-waited.ts';
import { migrationsTook } from './rules/migrations-took.ts';
import { noFailedRequest } from './rules/no-failed-request.ts';
import { queueDrained, queueOnce } from './rules/queue.ts';
import { readOnlyCovers, readOnlyEnds, readOnlyHeld } from './rules/read-only.ts';
import { runComplete } from './rules/run-complete.ts';
import { servesNext } from './rules/serves-next.ts';
import { steadyAfter } from './rules/steady-after.ts';

/** What must hold of every migration under load. */
const MIGRATION_RULES: readonly Rule[] = [
  migrationsTook,
  migrationCompatible,
  migrationRowsKept,
  migrationOrdersKept,
];

/** What users may meet meanwhile. */
function usersRules(declared: MigrationExpectation | undefined): readonly Rule[] {
  if (declared?.read_only) return [readOnlyHeld, readOnlyCovers, readOnlyEnds];
  if (declared?.window) return [downtime, closedClearly, releasesApart];
  return [noFailedRequest];
}

/**
 * Judges a recorded run in which a schema was migrated under load: beside a rollout that is given up where one was
 * declared, else while a service goes on, which may be read-only or away for a while.
 */
export function judgeMigration(timeline: Timeline): Verdict {
  if (timeline.of('harness', 'spec').length > 0) {
    return judgeDeclared([...ROLLBACK_RULES, ...MIGRATION_RULES, migrationBeforeAbort], timeline);
  }
  const declared = timeline
    .of('harness', 'expectation')
    .flatMap(({ data }) => (data.of === 'migration' ? [data] : []))[0];
  const asks = (what: 'retires' | 'backup_within_s'): boolean =>
    declared?.migrations.some((one) => one[what] !== undefined) ?? false;
  const guard = (says: 'pass' | 'fail'): boolean =>
    declared?.migrations.some((one) => one.guard?.says === says) ?? false;
  const began = timeline.of('database', 'migration').some(({ data }) => data.state === 'begun');
  const rules = [
    // With a migration that was held back there is no new schema that a release could stumble over.
    ...MIGRATION_RULES.filter((one) => one !== migrationCompatible || began || !guard('fail')),
    ...(guard('fail') ? [guardBlocked] : []),
    ...(guard('pass') ? [guardPassed] : []),
    ...usersRules(declared),
    ...(declared?.queue ? [queueOnce, queueDrained] : []),
    ...(asks('retires') ? [migrationWaited] : []),
    ...(asks('backup_within_s') ? [backupFirst] : []),
    ...(timeline.of('release', 'shipped').length > 0 && !guard('fail') ? [servesNext] : []),
    healthyAfter,
    steadyAfter,
    runComplete,
  ];
  return judgeBy(rules, timeline, SERVICE_GROUNDS);
}
