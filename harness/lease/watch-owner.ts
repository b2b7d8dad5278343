import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#harness/core/errors.ts';
import { isAlive, type Owner, sameOwner } from './owner.ts';
import { type Healers, leaseEnded, type Receipt, readReceipts, settle } from './receipt.ts';
import { removeUnfinished } from './unfinished.ts';

/** How the harness is seen: `beat` at each heartbeat, `closed` once its end of the channel is closed. */
export interface Lifeline {
  onBeat(listener: () => void): void;
  /** The harness is gone, or the part of it that held the channel: a thread ends before its process does. */
  onClosed(listener: () => void): void;
}

export interface WatchOwnerOptions {
  readonly owner: Owner;
  readonly healers: Healers;
  readonly lifeline: Lifeline;
  readonly log: (line: string) => void;
  /** Whether a process still runs; asked once the channel is closed. */
  readonly lives?: (owner: Owner) => Promise<boolean>;
  /** Silence after which the harness counts as gone, in seconds. */
  readonly silence_s?: number;
  readonly tick_ms?: number;
  /** How long a healer that fails is tried again, in seconds; the next start tries once more. */
  readonly patience_s?: number;
}

/** Longest silence of a live harness. */
export const SILENCE_S = 10;
/** How often a live harness gives a sign. */
export const BEAT_S = 2;
const TICK_MS = 500;
const PATIENCE_S = 600;
/** A tick this much late means that this process itself was held up (a suspended machine): silence says nothing then. */
const HELD_UP_MS = 3000;

/**
 * The warden's work: holds the receipts of one harness and settles them when it is gone, or when their lease ends.
 * Returns once the harness is gone and nothing is left to settle (or patience ran out).
 */
export async function watchOwner(options: WatchOwnerOptions): Promise<void> {
  const { owner, healers, lifeline, log } = options;
  const { silence_s = SILENCE_S, tick_ms = TICK_MS, patience_s = PATIENCE_S, lives = isAlive } = options;
  let last_beat = performance.now();
  let last_tick = performance.now();
  let closed = false;
  let gone_at: number | undefined;
  let silent = false;
  lifeline.onBeat(() => {
    last_beat = performance.now();
  });
  lifeline.onClosed(() => {
    closed = true;
  });

  async function heal(receipt: Receipt, why: string): Promise<void> {
    log(`${receipt.kind} ${receipt.subject}: settling, ${why}`);
    const started = performance.now();
    try {
      await settle(receipt, healers);
      log(`${receipt.kind} ${receipt.subject}: settled in ${Math.round(performance.now() - started)} ms`);
    } catch (error) {
      log(`${receipt.kind} ${receipt.subject}: not settled: ${messageOf(error)}`);
    }
  }

  for (;;) {
    const now = performance.now();
    if (now - last_tick > tick_ms + HELD_UP_MS) last_beat = now;
    last_tick = now;
    // Without a channel nobody beats, and the process itself is asked about: its clusters and faults may be in use.
    silent = !closed && now - last_beat > silence_s * 1000;
    if (closed && gone_at === undefined && !(await lives(owner))) gone_at = performance.now();
    // A harness may write a receipt and die while the folder is being read: only a list that was begun after its death
    // holds all that it owes.
    const was_gone = gone_at !== undefined;
    const mine = (await readReceipts()).receipts.filter((receipt) => sameOwner(receipt.owner, owner));
    if (gone_at !== undefined && was_gone && (mine.length === 0 || now - gone_at > patience_s * 1000)) {
      await removeUnfinished();
      return;
    }
    const reason =
      gone_at === undefined ? `no sign of the harness for ${silence_s} s` : 'the harness is gone';
    await Promise.all(
      mine.flatMap((receipt) => {
        if (gone_at !== undefined || silent) return [heal(receipt, reason)];
        return leaseEnded(receipt, new Date()) ? [heal(receipt, 'its lease ended')] : [];
      }),
    );
    // Healing may take longer than a tick; that is no suspension.
    last_tick = performance.now();
    await delay(tick_ms);
  }
}
