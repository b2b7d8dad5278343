/** The releases that work while a migration runs. */
import { messageOf, UnfitError } from '#harness/core/errors.ts';
import { redactText } from '#harness/core/redact.ts';
import type { Address } from '../server/types.ts';
import { startWorkload } from '../workload/start.ts';
import type { Release, RunningWorkload } from '../workload/types.ts';

export interface ReleasesOptions {
  readonly address: Address;
  readonly rate_per_s: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly old: Release;
  readonly next?: Release;
}

export interface Releases extends AsyncDisposable {
  readonly working: RunningWorkload;
  /** The new one, where there is one and it starts on the database as it was. */
  readonly coming?: RunningWorkload;
  /** Why it does not, as a sentence without a full stop. */
  readonly coming_missing?: string;
}

/**
 * Starts both at the same time.
 * @throws UnfitError when the old one does not start
 */
export async function startReleases({ old, next, ...work }: ReleasesOptions): Promise<Releases> {
  const { address, rate_per_s, seed, signal } = work;
  const given = { address, rate_per_s, ...(signal === undefined ? {} : { signal }) };
  await using stack = new AsyncDisposableStack();
  const [working, coming] = await Promise.allSettled([
    startWorkload(old, { ...given, seed, side: 'old' }),
    // Begun anew after the migration, it must not draw the values again that it has drawn here.
    next && startWorkload(next, { ...given, seed: seed + 1, side: 'new' }),
  ]);
  if (working.status === 'fulfilled') stack.use(working.value);
  if (coming.status === 'fulfilled') stack.use(coming.value);
  if (working.status === 'rejected') throw working.reason;
  // One that knows only the schema that comes may refuse to start on the one that is.
  if (coming.status === 'rejected' && !(coming.reason instanceof UnfitError)) throw coming.reason;
  const kept = stack.move();
  return {
    working: working.value,
    ...(coming.status === 'fulfilled' && coming.value !== undefined ? { coming: coming.value } : {}),
    ...(coming.status === 'rejected' ? { coming_missing: redactText(messageOf(coming.reason)) } : {}),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
