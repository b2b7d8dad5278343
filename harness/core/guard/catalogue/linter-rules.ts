/** Which checks measure what a rule of the linter warns of. */
import type { CheckId } from './ids.ts';

const WAITING = ['readers-blocked', 'writers-blocked', 'lock-queue'] as const;
const REWRITE = [...WAITING, 'table-rewrite', 'growth'] as const;
const OLD = ['old-release-during', 'old-release-after'] as const;
const BROKEN_OFF = ['killed-client', 'killed-server', 'connection-cut', 'residue'] as const;

/**
 * Rules of squawk 2.66 that say what will happen. A rule that is not here is about taste or the far future
 * (`prefer-text-field`, `prefer-bigint-over-int`): nothing that is measured confirms or overturns it.
 */
export const MEASURED_BY: Readonly<Record<string, readonly CheckId[]>> = {
  'require-concurrent-index-creation': ['writers-blocked', 'table-rewrite', 'growth'],
  'require-concurrent-index-deletion': WAITING,
  'require-concurrent-partition-detach': WAITING,
  'require-concurrent-reindex': ['readers-blocked', 'writers-blocked', 'table-rewrite'],
  'constraint-missing-not-valid': [...WAITING, 'growth', 'runs-on-data'],
  'adding-foreign-key-constraint': ['writers-blocked', 'growth', 'runs-on-data'],
  'adding-field-with-default': REWRITE,
  'adding-serial-primary-key-field': REWRITE,
  'adding-not-nullable-field': [...WAITING, 'runs-on-data', ...OLD],
  'adding-required-field': ['runs-on-data', ...OLD],
  'changing-column-type': [...REWRITE, 'values-kept', 'runs-on-data', ...OLD],
  'disallowed-unique-constraint': ['readers-blocked', 'writers-blocked', 'table-rewrite', 'runs-on-data'],
  'renaming-column': OLD,
  'renaming-table': OLD,
  'ban-drop-column': ['values-kept', 'round-trip-data', ...OLD],
  'ban-drop-table': ['rows-kept', 'round-trip-data', ...OLD],
  'ban-drop-database': ['rows-kept'],
  'ban-drop-not-null': ['old-release-after', 'new-release-after'],
  'ban-truncate-cascade': ['rows-kept', 'round-trip-data'],
  'ban-concurrent-index-creation-in-transaction': ['runs-on-data'],
  'ban-uncommitted-transaction': ['runs-on-data', 'new-release-after'],
  'ban-duplicate-column-assignments': ['runs-on-data'],
  'transaction-nesting': ['runs-on-data', ...BROKEN_OFF],
  'prefer-robust-stmts': BROKEN_OFF,
  'prefer-repack': ['readers-blocked', 'writers-blocked', 'table-rewrite'],
  'require-lock-timeout': ['lock-queue'],
  'require-statement-timeout': ['readers-blocked', 'writers-blocked'],
  'require-timeout-settings': WAITING,
};

/** Checks that measure what a rule warns of; none where nothing does. */
export function measuredBy(rule: string): readonly CheckId[] {
  return MEASURED_BY[rule] ?? [];
}
