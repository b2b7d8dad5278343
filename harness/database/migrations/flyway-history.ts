/** What Flyway keeps in its table. */
import { crc32 } from 'node:zlib';
import { array, nullable, number, parse, string, tuple } from 'valibot';
import { literal } from '../ask.ts';
import { compareDigits } from './adapter.ts';
import { flywayVersion } from './flyway.ts';
import type { Applying, History } from './history-table.ts';
import type { Migration } from './types.ts';

/** Type, version, description and checksum. */
const Rows = array(tuple([string(), nullable(string()), string(), nullable(number())]));
/** Types of rows that take back what a row before them says. */
const TAKEN_BACK = /^(?:UNDO|DELETE)/;
const BASELINE = /BASELINE$/;

/** Flyway's own: a checksum over the lines, without what ends them. Source: Flyway, `ChecksumCalculator`. */
export function flywayChecksum(text: string): number {
  let checksum = 0;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) checksum = crc32(line, checksum);
  return checksum | 0;
}

function flywayParts({ name }: Migration): {
  readonly version: string | undefined;
  readonly description: string;
} {
  const [head = '', ...rest] = name.split('__');
  const description = rest.join('__').replaceAll('_', ' ');
  return { version: head === 'R' ? undefined : head.slice(1).replaceAll('_', '.'), description };
}

/** `1.0` and `1` are one version, and the table may have either. */
function keyOf(version: string | undefined, description: string): string {
  return version === undefined ? `R ${description}` : flywayVersion(`V${version}__`);
}

function isUpTo(key: string, last: string | undefined): boolean {
  if (last === undefined || key.startsWith('R ')) return false;
  const [parts, limits] = [key.split('.'), last.split('.')];
  for (let at = 0; at < Math.max(parts.length, limits.length); at += 1) {
    const order = compareDigits(parts[at] ?? '0', limits[at] ?? '0');
    if (order !== 0) return order < 0;
  }
  return true;
}

/**
 * The newest row of a version decides. A baseline stands for all versions up to its own, whose files may be gone; and a
 * repeatable migration is due again when its text is another one than when it was last run.
 */
function appliedKeys(rows: readonly string[], { migrations }: Applying): readonly string[] {
  const newest = new Map<string, { readonly type: string; readonly checksum: number | null }>();
  let baseline: string | undefined;
  for (const [type, version, description, checksum] of parse(
    Rows,
    rows.map((row) => JSON.parse(row)),
  )) {
    const key = keyOf(version ?? undefined, description);
    newest.set(key, { type, checksum });
    if (BASELINE.test(type) && !isUpTo(key, baseline)) baseline = key;
  }
  const due_again = new Set(
    migrations.flatMap((migration) => {
      const key = flyway.keyOf(migration);
      const is_changed = newest.get(key)?.checksum !== flywayChecksum(migration.up.text);
      return key.startsWith('R ') && is_changed ? [key] : [];
    }),
  );
  const replaced = migrations
    .map((migration) => flyway.keyOf(migration))
    .filter((key) => isUpTo(key, baseline));
  const run = [...newest].flatMap(([key, { type }]) =>
    TAKEN_BACK.test(type) || isUpTo(key, baseline) || due_again.has(key) ? [] : [key],
  );
  return [...replaced, ...run];
}

export const flyway: History = {
  table: 'flyway_schema_history',
  column: 'installed_rank',
  create_sql:
    'CREATE TABLE IF NOT EXISTS flyway_schema_history (installed_rank int NOT NULL PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL, success boolean NOT NULL);',
  appliedSql: (table) =>
    `SELECT coalesce(json_agg(json_build_array(type, version, description, checksum)::text ORDER BY installed_rank), '[]') FROM ${table} WHERE success AND type <> 'SCHEMA'`,
  keysIn: appliedKeys,
  keyOf: (migration) => {
    const { version, description } = flywayParts(migration);
    return keyOf(version, description);
  },
  markSql: (migration) => {
    const { version, description } = flywayParts(migration);
    const values = [
      '(SELECT coalesce(max(installed_rank), 0) + 1 FROM flyway_schema_history)',
      version === undefined ? 'NULL' : literal(version),
      literal(description),
      "'SQL'",
      literal(`${migration.name}.sql`),
      String(flywayChecksum(migration.up.text)),
      'current_user',
      '0',
      'true',
    ];
    return `INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success) VALUES (${values.join(', ')});`;
  },
  unmarkSql: ({ name }) => `DELETE FROM flyway_schema_history WHERE script = ${literal(`${name}.sql`)};`,
};
