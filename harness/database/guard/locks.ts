/** Looks at the locks of a server again and again, from a connection of its own, while a migration runs. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import type { Address } from '../server/types.ts';
import { openSession, type Session } from './apply-session.ts';
import { type HeldLock, HeldLocks } from './held-locks.ts';
import { type Look, ownWaits, type SeenLock, type Wait, waitsOf } from './blocked-waits.ts';

/** From the beginning of one look to that of the next one: half of what is promised, so that a late look keeps it. */
const PERIOD_MS = 5;

/**
 * Who waits, for what and for whom; what the migration has on tables; and the rows that sessions queue for. Since 14 the
 * server tells when a wait began.
 */
function lookStatement(version_num: number): string {
  const began = version_num >= 140_000 ? 'l.waitstart' : 'NULL::timestamptz';
  return `SELECT l.pid, l.locktype, l.relation::int8, l.mode, l.granted,
    extract(epoch FROM ${began})::float8 * 1000,
    extract(epoch FROM clock_timestamp() - ${began})::float8 * 1000,
    CASE WHEN l.granted THEN NULL ELSE pg_blocking_pids(l.pid) END
  FROM pg_locks l
  WHERE NOT l.granted OR (l.locktype = 'relation' AND l.pid = $1) OR l.locktype = 'tuple'`;
}

type Row = readonly [
  pid: number,
  kind: string,
  relation: string | null,
  mode: string,
  is_granted: boolean,
  wait_began: number | null,
  waited_ms: number | null,
  blockers: readonly number[] | null,
];

/** Names of relations by their number, as they were before the migration. */
export type RelationNames = ReadonlyMap<string, string>;

/** Tables and indexes as `schema.name`. */
export async function relationNames({ client }: Session): Promise<RelationNames> {
  const { rows } = await client.query<[string, string]>({
    text: `SELECT c.oid::text, n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`,
    rowMode: 'array',
  });
  return new Map(rows);
}

function seenIn(row: Row, names: RelationNames): SeenLock {
  const [pid, kind, relation, mode, is_granted, wait_began, waited_ms, blockers] = row;
  return {
    pid,
    kind,
    mode,
    is_granted,
    ...(relation === null ? {} : { relation: names.get(relation) ?? `relation ${relation}` }),
    ...(wait_began === null ? {} : { wait_began }),
    ...(waited_ms === null ? {} : { waited_ms }),
    blockers: blockers ?? [],
  };
}

/** Application names of client sessions, by process. */
export type SessionNames = ReadonlyMap<number, string>;

/** Who waited at one time. */
export interface Seen {
  readonly at_ms: number;
  /** For the migration. */
  readonly waits: readonly Wait[];
  /** The migration itself, for others. */
  readonly own: readonly Wait[];
}

/** What was seen of the locks. */
export interface Watched {
  /** In the order of time; times as `performance.now()` of this thread tells them. */
  readonly looks: readonly Seen[];
  /** Sessions that were there at the end; those that waited are known even when they have ended since. */
  readonly sessions: SessionNames;
  readonly names: RelationNames;
  /** Of each relation the longest time for which the migration stopped its readers, or its writers. */
  readonly held: readonly HeldLock[];
}

/** Looks that go on until they are stopped. */
export class LockWatch implements AsyncDisposable {
  readonly #session: Session;
  readonly #migration: number;
  readonly #names: RelationNames;
  readonly #statement: string;
  readonly #looks: Seen[] = [];
  readonly #held: HeldLocks;
  readonly #sessions = new Map<number, string>();
  readonly #going: Promise<void>;
  #stopped = false;

  private constructor(session: Session, migration: number, names: RelationNames, statement: string) {
    this.#session = session;
    this.#migration = migration;
    this.#names = names;
    this.#statement = statement;
    this.#held = new HeldLocks(migration);
    this.#going = this.#go();
    // Told by `stop`.
    this.#going.catch(() => undefined);
  }

  /**
   * Begins to look.
   * @param migration process of the server that runs the migration
   */
  static async open(address: Address, migration: number): Promise<LockWatch> {
    const session = await openSession(address, 'mettle locks');
    const { rows } = await session.client.query<{ version_num: string }>(
      `SELECT current_setting('server_version_num') AS version_num`,
    );
    const names = await relationNames(session);
    const watch = new LockWatch(session, migration, names, lookStatement(Number(rows[0]?.version_num)));
    await watch.#readSessions();
    return watch;
  }

  async #go(): Promise<void> {
    for (let is_last = false; !is_last; ) {
      is_last = this.#stopped;
      const from_ms = performance.now();
      const look = await this.#look();
      this.#held.note(look);
      this.#looks.push({
        at_ms: look.at_ms,
        waits: waitsOf(look, this.#migration),
        own: ownWaits(look, this.#migration),
      });
      if (look.locks.some(({ pid }) => !this.#sessions.has(pid))) await this.#readSessions();
      await delay(Math.max(0, PERIOD_MS - (performance.now() - from_ms)));
    }
  }

  async #look(): Promise<Look> {
    const from_ms = performance.now();
    const { rows } = await this.#session.client.query<[...Row]>({
      name: 'look',
      text: this.#statement,
      values: [this.#migration],
      rowMode: 'array',
    });
    const to_ms = performance.now();
    return { at_ms: (from_ms + to_ms) / 2, locks: rows.map((row) => seenIn(row, this.#names)) };
  }

  async #readSessions(): Promise<void> {
    const { rows } = await this.#session.client.query<[number, string]>({
      name: 'sessions',
      text: `SELECT pid, application_name FROM pg_stat_activity WHERE backend_type = 'client backend'`,
      rowMode: 'array',
    });
    for (const [pid, name] of rows) this.#sessions.set(pid, name);
  }

  /**
   * Looks once more, from now on, and tells all that was seen.
   * @throws UnfitError when the server stopped telling
   */
  async stop(): Promise<Watched> {
    this.#stopped = true;
    try {
      await this.#going;
    } catch (error) {
      throw new UnfitError(`the server stopped telling of its locks: ${messageOf(error)}`, { cause: error });
    }
    return { looks: this.#looks, sessions: this.#sessions, names: this.#names, held: this.#held.longest() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#session[Symbol.asyncDispose]();
  }
}
