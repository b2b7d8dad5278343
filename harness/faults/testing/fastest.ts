import { setTimeout as sleep } from 'node:timers/promises';

/** What took some time. */
interface Timed {
  readonly duration_ms: number;
}

/** Asks are this far apart: what disturbs a busy machine lasts for half a second now and then, and meets some of them. */
const APART_MS = 200;
const ASKS = 8;

/**
 * The fastest of some answers that are asked for one after the other, spread over a second and a half at least: what
 * disturbs the machine only ever adds to a time. Fit for an effect that every ask meets, and not for one that comes and
 * goes.
 */
export async function fastest<T extends Timed>(ask: () => Promise<T>): Promise<T> {
  let found = await ask();
  for (let count = 1; count < ASKS; count += 1) {
    await sleep(APART_MS);
    const one = await ask();
    if (one.duration_ms < found.duration_ms) found = one;
  }
  return found;
}

/**
 * By how much one ask takes longer than another, in ms: the fastest of each, asked in turns, so that a slow stretch of
 * the machine adds to both.
 */
export async function longerBy_ms(ask: () => Promise<Timed>, other: () => Promise<Timed>): Promise<number> {
  let [fastest_ms, fastest_other_ms] = [Infinity, Infinity];
  for (let count = 0; count < ASKS; count += 1) {
    fastest_ms = Math.min(fastest_ms, (await ask()).duration_ms);
    fastest_other_ms = Math.min(fastest_other_ms, (await other()).duration_ms);
    await sleep(APART_MS);
  }
  return fastest_ms - fastest_other_ms;
}
