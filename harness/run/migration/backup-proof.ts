/** What a pipeline knows of its backups, and whether it may rely on the last of them. */
import type { ScratchRestoreData } from '#harness/core/migration.ts';
import type { DatabaseContentData } from '#harness/core/recovery.ts';
import type { EpochMs } from '#harness/core/timeline.ts';

/** What a pipeline knows of a backup that it tried. */
export interface Proof {
  readonly backup: string;
  readonly data: Pick<ScratchRestoreData, 'state' | 'note' | 'taken_at'>;
}

/**
 * Why a migration may not begin: without a backup that was restored and holds the same, and that is no older than so many seconds.
 * Only the last one counts: what was good before it is older.
 */
export function notBackedUp(proofs: readonly Proof[], within_s: number, now: EpochMs): string | undefined {
  const last = proofs.at(-1);
  if (!last) return 'there is no backup that was restored and compared';
  const { state, note, taken_at } = last.data;
  if (state !== 'same') return `backup ${last.backup} cannot be relied on: ${note}`;
  const age_s = (now - taken_at) / 1000;
  return age_s <= within_s
    ? undefined
    : `backup ${last.backup} is ${age_s.toFixed(0)} s old, and ${within_s} s are allowed`;
}

type Content = Pick<DatabaseContentData, 'tables' | 'columns' | 'constraints' | 'indexes' | 'up_to'>;
type Definitions = Readonly<Record<string, string>>;

function defined(what: string, was: Definitions, is: Definitions): readonly string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.flatMap((name) => {
    if (was[name] === is[name]) return [];
    if (is[name] === undefined) return [`${what} ${name} is missing`];
    return [was[name] === undefined ? `${what} ${name} was not there` : `${what} ${name} is another`];
  });
}

/**
 * What a restored database holds otherwise than the one that was backed up, in words. Sequences are left out: the living ones have
 * gone on. Tables that grow are compared up to a row that is there for good, which must be the same row in both.
 */
export function differences(was: Content, is: Content): readonly string[] {
  const restored = new Map(is.tables.map((table) => [table.table, table]));
  const missing = was.tables.flatMap(({ table }) => (restored.has(table) ? [] : [table]));
  const tables = was.tables.flatMap(({ table, rows, content_hash }) => {
    const found = restored.get(table);
    if (!found) return [`table ${table} is missing`];
    if (is.up_to[table] !== was.up_to[table]) return [`${table} was not read up to the same row`];
    if (found.rows !== rows) return [`${table} has ${found.rows} rows, not ${rows}`];
    return found.content_hash === content_hash ? [] : [`${table} holds something else`];
  });
  const known = new Set(was.tables.map(({ table }) => table));
  const strange = is.tables.flatMap(({ table }) =>
    known.has(table) ? [] : [`table ${table} was not there`],
  );
  // What goes with a table is told by the table.
  const left = (all: Definitions): Definitions =>
    Object.fromEntries(
      Object.entries(all).filter(([name]) => !missing.some((table) => name.startsWith(`${table}.`))),
    );
  return [
    ...tables,
    ...strange,
    ...defined('column', left(was.columns), is.columns),
    ...defined('constraint', left(was.constraints), is.constraints),
    ...defined('index', was.indexes, is.indexes),
  ];
}
