/** Where each tool keeps which migrations it has run. */
import { createHash } from 'node:crypto';
import { RefusedError } from '#harness/core/errors.ts';
import { literal } from '../ask.ts';
import { dieselVersion } from './diesel.ts';
import { flyway } from './flyway-history.ts';
import type { Applying, History } from './history-table.ts';
import { pgrollName } from './pgroll-parts.ts';
import type { Migration, MigrationTool } from './types.ts';

function leadingDigits({ name }: Migration): string {
  return /^\d+/.exec(name)?.[0] ?? '';
}

function listOf(expression: string, from: string): string {
  return `SELECT coalesce(json_agg((${expression})::text), '[]') FROM ${from}`;
}

/**
 * golang-migrate keeps one row: all up to its version are applied. One that broke off is marked, and the tool runs nothing
 * before a person has looked.
 */
function keysUpTo([current]: readonly string[], { table, migrations }: Applying): readonly string[] {
  if (current === undefined) return [];
  if (current.startsWith('dirty ')) {
    throw new RefusedError(
      `version ${current.slice('dirty '.length)} broke off: ${table} is marked dirty, and golang-migrate refuses to go on`,
      { next: 'look at the database, mend it, and set the version with `migrate force`' },
    );
  }
  const known = migrations.map((migration) => golangMigrate.keyOf(migration));
  const up_to = known.filter((key) => BigInt(key) <= BigInt(current));
  return up_to.includes(current) ? up_to : [...up_to, current];
}

const golangMigrate: History = {
  table: 'schema_migrations',
  column: 'dirty',
  create_sql:
    'CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);',
  appliedSql: (table) => listOf(`CASE WHEN dirty THEN 'dirty ' ELSE '' END || version`, table),
  keysIn: keysUpTo,
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
  appliedSql: (table) => listOf('version', table),
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
  appliedSql: (table) => listOf('version', table),
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
  appliedSql: (table) => listOf('name', table),
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
  appliedSql: (table) =>
    listOf('migration_name', `${table} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`),
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
  appliedSql: (table) => listOf('hash', table),
  keyOf: ({ up }) => sha256(up.text),
  markSql: ({ up, version }) =>
    `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (${literal(sha256(up.text))}, ${BigInt(version ?? '0')});`,
  unmarkSql: ({ up }) => `DELETE FROM drizzle.__drizzle_migrations WHERE hash = ${literal(sha256(up.text))};`,
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
  appliedSql: (table) => listOf('name', `${table} WHERE done AND migration_type = 'pgroll'`),
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

/**
 * A query of the names of tables, in whatever schema, that can be this tool's: people keep it beside their own tables. Where
 * the search path leads to one the tool finds that, and others are somebody else's.
 */
export function tablesSql({ table, column }: History): string {
  const name = table.slice(table.indexOf('.') + 1);
  return String.raw`WITH found AS (
SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_table_is_visible(c.oid) AS visible
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relname = ${literal(name)} AND c.relkind IN ('r', 'p') AND a.attname = ${literal(column)} AND NOT a.attisdropped
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%')
SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM found WHERE visible OR NOT EXISTS (SELECT FROM found WHERE visible)`;
}
