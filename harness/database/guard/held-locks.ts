/** For how long a migration held locks that stop others, as looks at the server's locks tell. */
import type { Window } from './blocked.ts';
import type { Look } from './blocked-waits.ts';
import { conflicts } from './locks-modes.ts';

/** A stretch of time in which a lock was held on a relation that stops its readers, or its writers. */
export interface HeldLock extends Window {
  readonly relation: string;
  readonly mode: string;
  readonly stops_readers: boolean;
}

/** The lock that somebody asks for who only reads, or who writes. */
const ASKED_FOR = [
  { stops_readers: true, wanted: 'AccessShareLock' },
  { stops_readers: false, wanted: 'RowExclusiveLock' },
] as const;

/** The server's own tables, and what was not there when the looks began. */
const NOT_MEANT = /^pg_|^relation /;

/** Of each relation the longest such stretch; it goes from one look to another, and so is never told too long. */
export class HeldLocks {
  readonly #migration: number;
  #open = new Map<string, HeldLock>();
  readonly #longest = new Map<string, HeldLock>();

  /** @param migration process of the server that runs it */
  constructor(migration: number) {
    this.#migration = migration;
  }

  /** Takes a look into account; looks come in the order of time. */
  note({ at_ms, locks }: Look): void {
    const now = new Map<string, HeldLock>();
    for (const { pid, kind, relation, mode, is_granted } of locks) {
      if (pid !== this.#migration || kind !== 'relation' || !is_granted) continue;
      if (relation === undefined || NOT_MEANT.test(relation)) continue;
      for (const { stops_readers, wanted } of ASKED_FOR) {
        if (!conflicts(mode, wanted)) continue;
        const key = `${stops_readers} ${relation}`;
        const from_ms = this.#open.get(key)?.from_ms ?? at_ms;
        now.set(key, { relation, mode, stops_readers, from_ms, to_ms: at_ms });
      }
    }
    for (const [key, held] of now) {
      const known = this.#longest.get(key);
      if (known === undefined || held.to_ms - held.from_ms > known.to_ms - known.from_ms) {
        this.#longest.set(key, held);
      }
    }
    this.#open = now;
  }

  longest(): readonly HeldLock[] {
    return [...this.#longest.values()];
  }
}
