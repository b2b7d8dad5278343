import type { LockStmt, Node, VariableSetStmt } from 'libpg-query';
import type { Meaning } from '#harness/core/guard/meaning.ts';
import { quotedRelation } from './render.ts';

const TIMEOUTS = ['lock_timeout', 'statement_timeout', 'transaction_timeout'] as const;

/** Units in which the server takes times. Source: PostgreSQL, "Setting Parameters". */
const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time as the server reads it: `'5s'`, `500`, `'1 min'`; a number alone counts milliseconds. */
export function timeoutMs(text: string): number | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(text);
  return found === null ? undefined : Number(found[1]) * (UNIT_MS[found[2] ?? 'ms'] ?? 1);
}

function valueText(node: Node | undefined): string | undefined {
  if (node === undefined || !('A_Const' in node)) return undefined;
  const { ival, fval, sval } = node.A_Const;
  if (sval !== undefined) return sval.sval ?? '';
  if (fval !== undefined) return fval.fval ?? '';
  return ival === undefined ? undefined : String(ival.ival ?? 0);
}

/** `SET lock_timeout` and its like; `RESET` and `TO DEFAULT` count as none, which is the server's own default. */
export function setMeanings(statement: VariableSetStmt): readonly Meaning[] {
  const setting = TIMEOUTS.find((name) => name === statement.name?.toLowerCase());
  if (setting === undefined) return [];
  const is_set = statement.kind === 'VAR_SET_VALUE';
  const timeout_ms = is_set ? timeoutMs(valueText(statement.args?.[0]) ?? '') : 0;
  if (timeout_ms === undefined) return [];
  return [{ does: 'set-timeout', setting, timeout_ms, local: statement.is_local === true }];
}

/** Lock modes by their number in the tree. Source: `storage/lockdefs.h`. */
const LOCK_MODES = [
  '',
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
];

export function lockMeanings({ relations, mode }: LockStmt): readonly Meaning[] {
  const tables = (relations ?? []).flatMap((node) =>
    'RangeVar' in node ? [quotedRelation(node.RangeVar)] : [],
  );
  return [{ does: 'lock-table', tables, mode: LOCK_MODES[mode ?? 8] ?? '' }];
}
