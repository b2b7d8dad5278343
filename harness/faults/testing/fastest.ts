import { setTimeout as sleep } from 'node:timers/promises';

/** What took some time. */
interface Timed {
  readonly duration_ms: number;
}

/** Asks are this far apart: what disturbs a busy machine lasts for half a second now and then, and meets some of them. */
const APART_MS = 200;
const ASKS = 8;

/**
 * The fastest answer to each of some asks that take turns, spread over a second and a half at least: what disturbs the
 * machine only ever adds to a time, and a slow stretch of it meets all of them. Fit for an effect that every ask meets,
 * and not for one that comes and goes.
 */
export async function fastestInTurns<T extends Timed>(...asks: (() => Promise<T>)[]): Promise<readonly T[]> {
  const answers: T[][] = asks.map(() => []);
  for (let round = 0; round < ASKS; round += 1) {
    if (round > 0) await sleep(APART_MS);
    for (const [place, ask] of asks.entries()) answers[place]?.push(await ask());
  }
  return answers.map((all) =>
    all.reduce((one, other) => (other.duration_ms < one.duration_ms ? other : one)),
  );
}
