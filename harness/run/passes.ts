import type { ScenarioRun } from './scenario-run.ts';

/** Lets time pass: silence has no event to wait for. Ends at once when the run is stopped. */
export async function passes(run: ScenarioRun, seconds: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  const stopped = (): void => reject(run.signal.reason);
  run.signal.addEventListener('abort', stopped, { once: true });
  try {
    run.signal.throwIfAborted();
    await promise;
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener('abort', stopped);
  }
}
