/** Where each tool keeps which migrations it has run. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { literal } from '../ask.ts';
import { dieselVersion } from './diesel.ts';
import { flywayVersion } from './flyway.ts';
import { pgrollName } from './pgroll-parts.ts';
import type { Migration, MigrationTool } from './types.ts';

/** A tool's own table, and how it is read and written. */
export interface History {
  /** As `to_regclass` takes it. */
  readonly table: string;
  /** A column that only this tool's table has: two tools call theirs `schema_migrations`. */
  readonly column: string;
  /** What the tool makes before it runs anything, where it is not there yet. */
  readonly create_sql: string;
  /** A query of one text in JSON: a list of what is applied, as `keyOf` writes it. */
  readonly applied_sql: string;
  keyOf(migration: Migration): string;
  /** What the tool writes once a migration has run. */
  markSql(migration: Migration): string;
  /** What the tool writes once a migration was taken back. */
  unmarkSql(migration: Migration): string;
}

function leadingDigits({ name }: Migration): string {
  return /^\d+/.exec(name)?.[0] ?? '';
}

function listOf(expression: string, from: string): string {
  return `SELECT coalesce(json_agg((${expression})::text), '[]') FROM ${from}`;
}

/** One row with the version that the database is at: everything up to there is applied. */
const golangMigrate: History = {
  table: 'schema_migrations',
  column: 'dirty',
  create_sql:
    'CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);',
  applied_sql: listOf(`CASE WHEN dirty THEN 'dirty ' ELSE '' END || version`, 'schema_migrations'),
  keyOf: (migration) => BigInt(leadingDigits(migration)).toString(),
  markSql: (migration) =>
    `DELETE FROM schema_migrations; INSERT INTO schema_migrations (version, dirty) VALUES (${BigInt(leadingDigits(migration))}, false);`,
  // Which one came before it only the whole set tells.
  unmarkSql: () => 'DELETE FROM schema_migrations;',
};

const dbmate: History = {
  table: 'schema_migrations',
  column: 'version',
  create_sql: 'CREATE TABLE IF NOT EXISTS schema_migrations (version varchar(128) PRIMARY KEY);',
  applied_sql: listOf('version', 'schema_migrations'),
  keyOf: leadingDigits,
  markSql: (migration) =>
    `INSERT INTO schema_migrations (version) VALUES (${literal(leadingDigits(migration))});`,
  unmarkSql: (migration) =>
    `DELETE FROM schema_migrations WHERE version = ${literal(leadingDigits(migration))};`,
};

const diesel: History = {
  table: '__diesel_schema_migrations',
  column: 'run_on',
  create_sql:
    'CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version varchar(50) PRIMARY KEY NOT NULL, run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP);',
  applied_sql: listOf('version', '__diesel_schema_migrations'),
  keyOf: ({ name }) => dieselVersion(name),
  markSql: ({ name }) =>
    `INSERT INTO __diesel_schema_migrations (version) VALUES (${literal(dieselVersion(name))});`,
  unmarkSql: ({ name }) =>
    `DELETE FROM __diesel_schema_migrations WHERE version = ${literal(dieselVersion(name))};`,
};

const nodePgMigrate: History = {
  table: 'pgmigrations',
  column: 'run_on',
  create_sql:
    'CREATE TABLE IF NOT EXISTS pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);',
  applied_sql: listOf('name', 'pgmigrations'),
  keyOf: ({ name }) => name,
  markSql: ({ name }) => `INSERT INTO pgmigrations (name, run_on) VALUES (${literal(name)}, now());`,
  unmarkSql: ({ name }) => `DELETE FROM pgmigrations WHERE name = ${literal(name)};`,
};

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const prisma: History = {
  table: '_prisma_migrations',
  column: 'migration_name',
  create_sql:
    'CREATE TABLE IF NOT EXISTS _prisma_migrations (id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);',
  applied_sql: listOf(
    'migration_name',
    '_prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  ),
  keyOf: ({ name }) => name,
  markSql: ({ name, up }) =>
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES (gen_random_uuid()::text, ${literal(sha256(up.text))}, now(), ${literal(name)}, now(), 1);`,
  unmarkSql: ({ name }) =>
    `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = ${literal(name)};`,
};

/** Drizzle keeps the hash of the file, and skips what is not younger than the last time in its table. */
const drizzle: History = {
  table: 'drizzle.__drizzle_migrations',
  column: 'hash',
  create_sql:
    'CREATE SCHEMA IF NOT EXISTS drizzle; CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);',
  applied_sql: listOf('hash', 'drizzle.__drizzle_migrations'),
  keyOf: ({ up }) => sha256(up.text),
  markSql: ({ up, version }) =>
    `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (${literal(sha256(up.text))}, ${BigInt(version ?? '0')});`,
  unmarkSql: ({ up }) => `DELETE FROM drizzle.__drizzle_migrations WHERE hash = ${literal(sha256(up.text))};`,
};

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

const flyway: History = {
  table: 'flyway_schema_history',
  column: 'installed_rank',
  create_sql:
    'CREATE TABLE IF NOT EXISTS flyway_schema_history (installed_rank int NOT NULL PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), execution_time int NOT NULL, success boolean NOT NULL);',
  applied_sql: listOf(
    `coalesce(version, 'R ' || description)`,
    `flyway_schema_history WHERE success AND type <> 'SCHEMA' AND type NOT LIKE 'UNDO%' AND type NOT LIKE 'DELETE%'`,
  ),
  keyOf: (migration) => {
    const { version, description } = flywayParts(migration);
    return version === undefined ? `R ${description}` : flywayVersion(`V${version}__`);
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

/**
 * Its own schema, which its program alone makes and writes: here it is only read. What it took note of without having run it
 * (`inferred`), and a migration that was started and not completed, are none that was run.
 * What its program makes of one migration are two, `name.start` and `name.complete`.
 * Source: pgroll, `pkg/state/init.sql`.
 */
const pgroll: History = {
  table: 'pgroll.migrations',
  column: 'migration_type',
  create_sql: '',
  applied_sql: listOf('name', `pgroll.migrations WHERE done AND migration_type = 'pgroll'`),
  keyOf: ({ name }) => pgrollName(name),
  markSql: () => '',
  unmarkSql: () => '',
};

/** Plain files are in nobody's history. */
const HISTORIES: Partial<Record<MigrationTool, History>> = {
  flyway,
  'golang-migrate': golangMigrate,
  dbmate,
  diesel,
  'node-pg-migrate': nodePgMigrate,
  prisma,
  drizzle,
  pgroll,
};

export function historyOf(tool: MigrationTool): History | undefined {
  return HISTORIES[tool];
}

/** A query that is true where the table of this tool is there. */
export function isThereSql({ table, column }: History): string {
  return `SELECT json_build_array(EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(${literal(table)}) AND attname = ${literal(column)} AND NOT attisdropped))`;
}
