import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Progress } from '#harness/core/progress.ts';
import { run } from '#harness/process/run.ts';
import { clientPrograms } from './clients.ts';
import { makeServerFolder } from './folder.ts';
import { FEW_ROUNDS, USUAL_ROUNDS } from './password.ts';
import { startPostmaster } from './postmaster.ts';
import { obtainPrepared, SUPERUSER } from './prepared.ts';
import { chooseVersion, serverPrograms } from './programs.ts';
import { RunningServer, setPassword } from './running.ts';
import type { ScratchServer } from './types.ts';

const PASSWORD_BYTES = 18;

export interface StartOptions {
  /** `18` or `18.4`; the newest when absent. */
  readonly version?: string | undefined;
  /** Few rows will be in it, so that it may be held in memory: at most some 100 MiB. */
  readonly small?: boolean;
  readonly signal: AbortSignal;
  readonly progress?: Progress | undefined;
  /** Programs that are not ours connect to it. */
  readonly foreign_clients?: boolean;
  /** Takes each line of the server's log. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/**
 * Starts a server from the programs that npm carries, or that are installed here. It listens on loopback alone, with a password of its own.
 * @throws UsageError for a version that is not there; UnfitError when it does not start; DeadlineError when it hangs
 */
export async function startEmbedded(options: StartOptions): Promise<ScratchServer> {
  const { signal, progress, onLog } = options;
  const chosen = chooseVersion(await serverPrograms(), options.version);
  progress?.(`starting PostgreSQL ${chosen.version}`);
  const programs = await chosen.obtain();
  const prepared = await obtainPrepared(programs);
  signal.throwIfAborted();
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeServerFolder(options));
  // They are looked for meanwhile.
  const clients = clientPrograms(Number.parseInt(chosen.version, 10));
  clients.catch(() => undefined);
  await run(['cp', '--archive', '--reflink=auto', '--sparse=always', prepared, folder.data]);
  const postmaster = await startPostmaster(join(programs, 'bin/postgres'), folder, signal, onLog);
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const { port } = postmaster;
  const address = { host: '127.0.0.1', port, user: SUPERUSER, password, database: 'postgres' };
  const rounds = options.foreign_clients === true ? USUAL_ROUNDS : FEW_ROUNDS;
  await setPassword({ ...address, host: folder.sockets }, password, rounds);
  return await RunningServer.over({
    engine: 'embedded',
    address,
    crash: () => postmaster.crash(),
    recover: () => postmaster.start(),
    running: stack.move(),
  });
}
