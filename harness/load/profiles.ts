import { UsageError } from '#harness/core/errors.ts';

/** A request without an answer after this time is given up, in seconds. */
export const TIMEOUT_S = 5;

/** How much traffic a scenario sends. The load script knows rates only from here. */
export interface LoadProfile {
  readonly name: string;
  /** Requests that begin in each second, however slowly they are answered. */
  readonly rate_per_s: number;
  /**
   * Virtual users made before the load begins, so that none has to be made while it runs: that would cost requests.
   * They allow for answers that take `vus / rate_per_s` seconds on average, and for a stall of as much. One costs
   * 0.6 MB of memory and no processor time.
   *
   * Connections that are refused cost no user: each is free again at once. Behind an address that takes connections and
   * never answers, such as a node that is paused, every user waits until it gives up, so that the rate is kept only by
   * `rate_per_s * TIMEOUT_S` of them.
   */
  readonly vus: number;
}

/** Every profile that a scenario can ask for. */
export const PROFILES = [
  // For scenarios whose promise is not about load, where several clusters share one machine.
  { name: 'light-50', rate_per_s: 50, vus: 50 },
  { name: 'steady-300', rate_per_s: 300, vus: 900 },
  // For scenarios about users who come back: each once a second on average, and not once in three.
  { name: 'returning-300', rate_per_s: 300, vus: 300 },
  // For scenarios in which all that answers is taken away, whatever the way: 300 in each of 5 s, and in one more.
  { name: 'outage-300', rate_per_s: 300, vus: 1800 },
  { name: 'busy-1500', rate_per_s: 1500, vus: 600 },
  { name: 'peak-3000', rate_per_s: 3000, vus: 1000 },
] as const satisfies readonly LoadProfile[];

export type ProfileName = (typeof PROFILES)[number]['name'];

/**
 * The profile of that name.
 * @throws UsageError when there is none
 */
export function profileOf(name: string): LoadProfile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (found) return found;
  throw new UsageError(`there is no load profile ${name}`, {
    next: `choose one of ${PROFILES.map((profile) => profile.name).join(', ')}`,
  });
}
