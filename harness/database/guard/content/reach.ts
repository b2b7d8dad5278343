/** Which tables somebody may write to who runs some SQL, as far as names tell. */
import type { ClientBase } from 'pg';
import { GUARD_SCHEMA } from './catalogue.ts';

/** Texts of all that will be run. */
export type Reach = readonly string[];

/**
 * A table whose name is in one of the texts; those that its foreign keys carry a change to; its parents and partitions; and
 * those that the functions of its triggers name; and so on. A word is looked for by an expression only in texts that hold its
 * letters, which is most of the time that it takes.
 */
const STATEMENT = String.raw`WITH RECURSIVE tables AS (
    SELECT c.oid, c.relname::text AS name, '\m' || regexp_replace(c.relname, '(\W)', '\\\1', 'g') || '\M' AS word
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND n.nspname <> '${GUARD_SCHEMA}'),
  links AS (
    SELECT k.confrelid AS near, k.conrelid AS far FROM pg_constraint k
      WHERE k.contype = 'f' AND (k.confdeltype NOT IN ('a', 'r') OR k.confupdtype NOT IN ('a', 'r'))
    UNION SELECT h.inhparent, h.inhrelid FROM pg_inherits h
    UNION SELECT h.inhrelid, h.inhparent FROM pg_inherits h
    UNION SELECT t.tgrelid, tables.oid FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN tables ON strpos(lower(p.prosrc), lower(tables.name)) > 0 AND p.prosrc ~* tables.word
      WHERE NOT t.tgisinternal),
  reach AS (
    SELECT tables.oid FROM tables WHERE strpos(lower($1), lower(tables.name)) > 0 AND $1 ~* tables.word
    UNION SELECT links.far FROM reach JOIN links ON links.near = reach.oid)
SELECT oid::text FROM reach`;

/** By oid. It may be wrong: what was written to all the same is noticed when rows are compared. */
export async function reachOf(client: ClientBase, texts: Reach): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ oid: string }>(STATEMENT, [texts.join('\n')]);
  return new Set(rows.map(({ oid }) => Number(oid)));
}
