/** The three ways in which a migration dies before its end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KillFacts } from '#harness/core/guard/facts.ts';
import { DeadlineError } from '#harness/core/errors.ts';
import type { Address, ScratchServer } from '../../server/types.ts';
import { openSession, type Session } from '../apply-session.ts';

export type KillWay = KillFacts['how'];

const LOOK_MS = 5;

/**
 * - `client`: its socket is closed from one moment to the next. That is all that a server sees of a client that got SIGKILL:
 *   the kernel closes its sockets. It goes on with the statement until it has something to say to the client.
 * - `connection`: the server ends the session at once, as a pooler, a failover or an administrator makes it do.
 * - `server`: every process of the server gets SIGKILL.
 */
export async function strike(way: KillWay, session: Session, server: ScratchServer): Promise<void> {
  switch (way) {
    case 'client':
      session.client.connection.stream.destroy();
      return;
    case 'connection': {
      await using other = await openSession(session.address, 'mettle killer');
      await other.client.query('SELECT pg_terminate_backend($1)', [session.pid]);
      return;
    }
    case 'server':
      await server.crash();
      return;
  }
}

const SERVING = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1) AS serving,
  EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock') AS waiting`;

async function look(
  observer: Session,
  pid: number,
): Promise<{ readonly serving: boolean; readonly waiting: boolean }> {
  const { rows } = await observer.client.query<{ serving: boolean; waiting: boolean }>(SERVING, [pid]);
  return rows[0] ?? { serving: false, waiting: false };
}

/**
 * Waits until the server has no process for the session any more: only then its locks are gone, and what it did is decided.
 * @throws DeadlineError when it goes on
 */
export async function waitUntilGone(address: Address, pid: number, deadline_s: number): Promise<void> {
  await using observer = await openSession(address, 'mettle observer');
  const until = performance.now() + deadline_s * 1000;
  while ((await look(observer, pid)).serving) {
    if (performance.now() > until) {
      throw new DeadlineError(
        'the server to end the session of a killed migration',
        deadline_s,
        'it runs still',
      );
    }
    await delay(LOOK_MS);
  }
}

/** Waits until the session waits for a lock; false when `ended` came first. */
export async function waitUntilHeld(observer: Session, pid: number, ended: () => boolean): Promise<boolean> {
  while (!ended()) {
    if ((await look(observer, pid)).waiting) return true;
    await delay(LOOK_MS);
  }
  return false;
}
