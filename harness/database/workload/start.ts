/** Starts a release at work, in a thread of its own. */
import { UnfitError } from '#harness/core/errors.ts';
import type { Moment, WorkloadFacts } from '#harness/core/guard/load-facts.ts';
import type { Address } from '../server/types.ts';
import type { SentBy } from './generator-messages.ts';
import { GeneratorThread } from './generator-thread.ts';
import type { ServingRelease } from './serving.ts';
import type { Release, RunningWorkload, WorkloadOptions } from './types.ts';

async function programOf(
  release: Release,
  address: Address,
  signal: AbortSignal | undefined,
): Promise<ServingRelease | undefined> {
  // Most releases are statements, and loading what starts and asks the others takes a while.
  switch (release.kind) {
    case 'sql':
      return undefined;
    case 'command':
      return await (await import('./command.ts')).startCommand(release, address, signal);
    case 'container':
      return await (await import('./container.ts')).startContainerRelease(release, address, signal);
  }
}

/** What can be handed to a thread. */
function sentBy(release: Release): SentBy {
  return release.kind === 'sql' ? release : { kind: release.kind, requests: release.requests };
}

/**
 * Starts the program of a release where it has one. Comes once all connections are made and statements are being sent.
 * @throws UnfitError when the database lets nobody in, or the program does not serve
 * @throws what the signal was aborted with
 */
export async function startWorkload(
  release: Release,
  { signal, ...asked }: WorkloadOptions,
): Promise<RunningWorkload> {
  signal?.throwIfAborted();
  const { rate_max_per_s = Infinity } = release.kind === 'sql' ? release : {};
  const options = { ...asked, rate_per_s: Math.min(asked.rate_per_s, rate_max_per_s) };
  await using stack = new AsyncDisposableStack();
  const program = await programOf(release, options.address, signal);
  if (program) stack.use(program);
  const thread = stack.use(
    await GeneratorThread.begin(
      { release: sentBy(release), options, ...(program ? { origin: program.origin } : {}) },
      signal,
    ),
  );
  const stop = (): void => void thread.stop();
  signal?.addEventListener('abort', stop, { once: true });
  stack.defer(() => signal?.removeEventListener('abort', stop));
  const facts = async (ask: 'cut' | 'stop', moment: Moment): Promise<WorkloadFacts> => {
    const told = await thread.ask({ ask, moment });
    if (told.tell !== 'facts') throw new UnfitError('the workload told something that it was not asked');
    return told.facts;
  };
  const kept = stack.move();
  return {
    side: options.side,
    cut: (moment) => facts('cut', moment),
    stop: (moment) => facts('stop', moment),
    settle: async () => {
      await thread.ask({ ask: 'settle' });
    },
    cover: async (longest_ms) => {
      await thread.ask({ ask: 'cover', longest_ms });
    },
    stalls: async (since) => {
      const told = await thread.ask({ ask: 'stalls', since });
      return told.tell === 'stalls' ? told.stalls : [];
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
