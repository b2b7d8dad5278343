import type { Node } from 'libpg-query';
import type { DefaultKind } from '#harness/core/guard/meaning.ts';
import { nameParts } from './relations.ts';

/** Functions of the server that answer something else for each row. Source: `pg_proc.provolatile = 'v'`. */
const VOLATILE: ReadonlySet<string> = new Set([
  'clock_timestamp',
  'gen_random_bytes',
  'gen_random_uuid',
  'gen_salt',
  'lastval',
  'nextval',
  'currval',
  'setval',
  'random',
  'random_normal',
  'timeofday',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'uuidv4',
  'uuidv7',
  'pg_sleep',
]);

/** Functions of the server that give one answer within a statement. Source: `pg_proc.provolatile` `i` and `s`. */
const FIXED: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'timezone',
  'current_setting',
  'current_database',
  'pg_backend_pid',
  'txid_current',
  'pg_current_xact_id',
  'lower',
  'upper',
  'md5',
  'sha256',
  'encode',
  'decode',
  'concat',
  'format',
  'length',
  'substring',
  'replace',
  'round',
  'trunc',
  'floor',
  'ceil',
  'abs',
  'date_part',
  'date_trunc',
  'extract',
  'make_interval',
  'make_date',
  'make_timestamptz',
  'age',
  'to_char',
  'to_date',
  'to_timestamp',
  'to_json',
  'to_jsonb',
  'to_tsvector',
  'json_build_object',
  'jsonb_build_object',
  'json_build_array',
  'jsonb_build_array',
  'array_to_string',
  'string_to_array',
  'int4range',
  'int8range',
  'numrange',
  'daterange',
  'tsrange',
  'tstzrange',
  'uuid_nil',
]);

function collectFunctions(value: unknown, found: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collectFunctions(item, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if ('funcname' in value && Array.isArray(value.funcname))
    found.push(nameParts(value.funcname).at(-1) ?? '');
  for (const inner of Object.values(value)) collectFunctions(inner, found);
}

/** Names of the functions that a part of a statement calls, without their schemas. */
export function functionsIn(node: Node): readonly string[] {
  const found: string[] = [];
  collectFunctions(node, found);
  return found;
}

/**
 * Whether a default is the same for all rows, so that the server keeps it in its catalogue and touches none. Source:
 * PostgreSQL, ALTER TABLE, notes on `ADD COLUMN`: a default that is not volatile does not rewrite the table.
 */
export function kindOfDefault(expression: Node | undefined): DefaultKind {
  if (expression === undefined) return 'none';
  if ('A_Const' in expression && expression.A_Const.isnull === true) return 'none';
  const functions = functionsIn(expression);
  if (functions.some((name) => VOLATILE.has(name))) return 'volatile';
  return functions.every((name) => FIXED.has(name)) ? 'constant' : 'unknown';
}
