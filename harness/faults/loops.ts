import { setTimeout as delay } from 'node:timers/promises';

/** An act that is done again and again by this process, until it is stopped; it ends with the process. */
interface Loop {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  acts: number;
}

const LOOPS = new Map<string, Loop>();

async function goOn(loop: Loop, period_ms: number, act: (turn: number) => Promise<void>): Promise<void> {
  const { signal } = loop.stop;
  for (let turn = 0; !signal.aborted; turn += 1) {
    // Who fights does not give up at a refusal.
    try {
      await act(turn);
      loop.acts += 1;
    } catch {
      // The next turn tries again.
    }
    await delay(period_ms, undefined, { signal }).catch(() => undefined);
  }
}

/** Begins an act under a name; one of the same name must have been stopped. */
export function startLoop(name: string, period_ms: number, act: (turn: number) => Promise<void>): void {
  const stop = new AbortController();
  const begun = Promise.withResolvers<void>();
  const loop: Loop = { stop, acts: 0, ended: begun.promise };
  LOOPS.set(name, loop);
  void goOn(loop, period_ms, act).finally(begun.resolve);
}

/** Ends an act and waits for the one under way. One that this process does not do is no error. */
export async function stopLoop(name: string): Promise<void> {
  const loop = LOOPS.get(name);
  loop?.stop.abort();
  await loop?.ended;
  LOOPS.delete(name);
}

/** How often the act of a name was done so far; 0 when this process does none. */
export function turnsOf(name: string): number {
  return LOOPS.get(name)?.acts ?? 0;
}
