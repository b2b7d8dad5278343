/** Locks that a session has. */
import { setTimeout as delay } from 'node:timers/promises';
import { strongest } from './locks-modes.ts';
import type { Session } from './apply-session.ts';

/** Strongest mode by number of the relation. */
export type Held = ReadonlyMap<string, string>;

const PERIOD_MS = 2;

/** Tells the locks that a session has, from another session. */
export async function heldBy(observer: Session, pid: number): Promise<Held> {
  const { rows } = await observer.client.query<[string, string]>({
    name: 'held',
    text: `SELECT relation::text, mode FROM pg_locks WHERE locktype = 'relation' AND granted AND pid = $1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    values: [pid],
    rowMode: 'array',
  });
  const held = new Map<string, string>();
  for (const [relation, mode] of rows) keepStrongest(held, relation, mode);
  return held;
}

function keepStrongest(held: Map<string, string>, relation: string, mode: string): void {
  held.set(relation, strongest([mode, held.get(relation) ?? mode]) ?? mode);
}

/** Looks at what a session has, again and again: for a statement that gives its locks up before anybody can ask. */
export class HeldMeanwhile {
  readonly #observer: Session;
  readonly #pid: number;
  readonly #held = new Map<string, string>();
  readonly #going: Promise<void>;
  #stopped = false;

  /** Begins at once. */
  constructor(observer: Session, pid: number) {
    this.#observer = observer;
    this.#pid = pid;
    this.#going = this.#go();
    // Told by `stop`.
    this.#going.catch(() => undefined);
  }

  async #go(): Promise<void> {
    while (!this.#stopped) {
      for (const [relation, mode] of await heldBy(this.#observer, this.#pid)) {
        keepStrongest(this.#held, relation, mode);
      }
      await delay(PERIOD_MS);
    }
  }

  /** All that was seen. */
  async stop(): Promise<Held> {
    this.#stopped = true;
    await this.#going;
    return this.#held;
  }
}
