import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, messageOf } from '#harness/core/errors.ts';
import type { Probe } from './fault.ts';

/** Longest time until a fault must be seen to be there, or to be gone, unless it says otherwise, in seconds. */
export const PROOF_S = 30;
const PAUSE_MS = 200;

interface ProofOptions {
  /** Bound in seconds; `PROOF_S` when absent. */
  readonly deadline_s?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NO_ANSWER: Probe = { holds: false, seen: 'no answer' };

/** An answer that takes too long is none: what a fault broke may be what the probe asks. */
async function inTime(probe: Promise<Probe>, within_ms: number): Promise<Probe> {
  const over = new AbortController();
  const late = delay(within_ms, NO_ANSWER, { signal: over.signal });
  late.catch(() => undefined);
  try {
    return await Promise.race([probe, late]);
  } catch (error) {
    return { holds: false, seen: messageOf(error) };
  } finally {
    over.abort();
  }
}

/**
 * Looks again and again until a probe holds, because what it looks at offers no watch.
 * @throws DeadlineError with what was last seen, by the look before the one that the deadline cut off if need be; the signal's reason when it is aborted
 */
export async function untilProven(
  awaited: string,
  probe: () => Promise<Probe>,
  { deadline_s = PROOF_S, signal }: ProofOptions = {},
): Promise<Probe> {
  const deadline = performance.now() + deadline_s * 1000;
  let seen = NO_ANSWER.seen;
  for (;;) {
    const left_ms = deadline - performance.now();
    const found = await inTime(probe(), Math.max(left_ms, 0));
    if (found.holds) return found;
    if (found !== NO_ANSWER) seen = found.seen;
    signal?.throwIfAborted();
    if (performance.now() >= deadline) throw new DeadlineError(awaited, deadline_s, seen);
    await delay(PAUSE_MS);
  }
}
