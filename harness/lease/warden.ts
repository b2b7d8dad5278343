import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeadlineError, UnfitError } from '#harness/core/errors.ts';
import { type Companion, startCompanion } from '#harness/process/detached.ts';
import { stateFolder } from '#harness/process/paths.ts';
import { processOf, thisProcess } from './owner.ts';
import { livingWarden, noteWarden } from './warden-record.ts';
import { BEAT_S } from './watch-owner.ts';

/** The program that outlives the harness. It knows all healers, so it stands above the layers that it heals. */
const PROGRAM = fileURLToPath(new URL('../faults/warden-main.ts', import.meta.url));
const READY_DEADLINE_S = 30;

/** The process that settles this process's receipts when it no longer can. */
export interface Warden {
  readonly pid: number;
}

let warden: Promise<Warden> | undefined;

async function start(): Promise<Warden> {
  const log_file = join(await stateFolder('logs'), 'warden.log');
  const companion: Companion = await startCompanion(PROGRAM, [JSON.stringify(await thisProcess())], {
    log_file,
  });
  const deadline = AbortSignal.timeout(READY_DEADLINE_S * 1000);
  const ready = new Promise<'ready'>((resolve) => {
    companion.onMessage(() => {
      resolve('ready');
    });
  });
  const late = new Promise<'late'>((resolve) => {
    deadline.addEventListener('abort', () => {
      resolve('late');
    });
  });
  const first = await Promise.race([ready, late, companion.ended]);
  if (first === 'late') throw new DeadlineError('the warden to be ready', READY_DEADLINE_S, 'no sign of it');
  if (first !== 'ready') {
    throw new UnfitError(
      `The warden, which cleans up after a killed run, did not start (exit ${first.exit_code})`,
      {
        next: `Read ${log_file}.`,
      },
    );
  }
  companion.detachFromLoop();
  const beat = setInterval(() => {
    companion.send({ beat: Date.now() });
  }, BEAT_S * 1000);
  beat.unref();
  void companion.ended.then(() => {
    clearInterval(beat);
    warden = undefined;
    return undefined;
  });
  const identity = await processOf(companion.pid);
  if (identity) await noteWarden(await thisProcess(), identity);
  return { pid: companion.pid };
}

/**
 * Starts the warden of this process, or returns the one that runs. Call it before anything is made that must not
 * outlive the run. It ends by itself when this process is gone and its receipts are settled.
 * @throws UnfitError, DeadlineError when it does not start
 */
export async function ensureWarden(): Promise<Warden> {
  // One that another thread of this process started is as good; it may have ended since it was last seen.
  const shared = warden === undefined ? await livingWarden(await thisProcess()) : undefined;
  if (shared) return shared;
  warden ??= start().catch((error: unknown) => {
    warden = undefined;
    throw error;
  });
  return await warden;
}
