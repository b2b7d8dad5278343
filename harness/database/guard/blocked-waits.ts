/** Who waits for a migration, as one look at the server's locks tells. */
import { conflicts, strongest } from './locks-modes.ts';

/** A lock that a session waits for, or one that the migration has. */
export interface SeenLock {
  readonly pid: number;
  /** As in `pg_locks.locktype`. */
  readonly kind: string;
  /** Table or index; absent for the lock of a transaction. */
  readonly relation?: string;
  readonly mode: string;
  readonly is_granted: boolean;
  /** When it began to wait, in ms by the server's clock: the same in each look at the same wait. */
  readonly wait_began?: number;
  /** How long it had waited, in ms. */
  readonly waited_ms?: number;
  /** Who it waits for: who holds such a lock, or asked for it earlier. */
  readonly blockers: readonly number[];
}

/** One look at the locks. */
export interface Look {
  /** In ms, by the clock of whoever looks. */
  readonly at_ms: number;
  readonly locks: readonly SeenLock[];
}

/** A session that waits. */
export interface Wait {
  readonly pid: number;
  /** Tells one wait of a session from the next one. */
  readonly id: string;
  /** When it began, by the clock of whoever looks; absent where the server does not tell. */
  readonly since_ms?: number;
  readonly relation: string;
  readonly wanted: string;
  readonly held: string;
  readonly queued_behind: boolean;
}

/** How a lock of a row is called: the server shows it as one of the transaction that changed the row. */
export const ROW_LOCK = 'row lock';

const OF_ROWS: ReadonlySet<string> = new Set(['transactionid', 'tuple']);

function wantedOf({ kind, mode }: SeenLock): string {
  if (OF_ROWS.has(kind)) return ROW_LOCK;
  return kind === 'relation' ? mode : `${mode} of ${kind}`;
}

/** The table of the row that a session waits for: it holds the row's place in the queue while it waits. */
function relationOf(wait: SeenLock, locks: readonly SeenLock[]): string {
  const tuple = locks.find(({ pid, kind }) => pid === wait.pid && kind === 'tuple');
  return wait.relation ?? tuple?.relation ?? '';
}

function waitOf(
  seen: SeenLock,
  at_ms: number,
  locks: readonly SeenLock[],
): Omit<Wait, 'held' | 'queued_behind'> {
  const relation = relationOf(seen, locks);
  const wanted = wantedOf(seen);
  return {
    pid: seen.pid,
    id: `${seen.pid} ${seen.wait_began ?? `${relation} ${wanted}`}`,
    ...(seen.waited_ms === undefined ? {} : { since_ms: at_ms - seen.waited_ms }),
    relation,
    wanted,
  };
}

type Why = Pick<Wait, 'held' | 'queued_behind'>;

/** What of the migration a session waits for directly. */
function whyOf(wait: SeenLock, own: readonly SeenLock[]): Why {
  if (wait.kind !== 'relation') return { held: wantedOf(wait), queued_behind: false };
  const same = own.filter(({ relation, mode }) => relation === wait.relation && conflicts(wait.mode, mode));
  const granted = same.filter(({ is_granted }) => is_granted);
  const those = granted.length > 0 ? granted : same;
  return {
    held: strongest(those.map(({ mode }) => mode)) ?? '',
    queued_behind: granted.length === 0 && same.length > 0,
  };
}

/**
 * The sessions that wait for the migration, or for somebody who waits for it. A session that waits for a row which another
 * session of the release changed is among them when that one waits for the migration: without the migration it would not
 * have had to wait.
 */
export function waitsOf({ at_ms, locks }: Look, migration: number): readonly Wait[] {
  const own = locks.filter(({ pid, kind }) => pid === migration && kind === 'relation');
  const waiting = locks.filter(({ pid, is_granted }) => !is_granted && pid !== migration);
  const why = new Map<number, Why>();
  for (const wait of waiting) {
    if (wait.blockers.includes(migration)) why.set(wait.pid, whyOf(wait, own));
  }
  for (let known = -1; known !== why.size; ) {
    known = why.size;
    for (const { pid, blockers } of waiting) {
      const through = blockers.find((blocker) => why.has(blocker));
      const reason = through === undefined ? undefined : why.get(through);
      if (reason && !why.has(pid)) why.set(pid, reason);
    }
  }
  return waiting.flatMap((seen) => {
    const reason = why.get(seen.pid);
    return reason ? [{ ...waitOf(seen, at_ms, locks), ...reason }] : [];
  });
}

/** What the migration itself waits for. */
export function ownWaits({ at_ms, locks }: Look, migration: number): readonly Wait[] {
  return locks
    .filter(({ pid, is_granted }) => !is_granted && pid === migration)
    .map((seen) => ({ ...waitOf(seen, at_ms, locks), held: '', queued_behind: false }));
}
