import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { startChild } from '#harness/process/child.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { type HostPorts, kindConfig } from './kind-config.ts';
import { NETWORK_LABEL } from './names.ts';
import { clashingPort, portTaken } from './ports.ts';
import { creationLogOf, kubeconfigOf, type Making } from './record.ts';
import { networksOf } from './remove.ts';

/** Lines of kind's output and of the node's log that an error shows. */
const TAIL_LINES = 25;

interface KindOptions {
  readonly name: string;
  readonly ports: HostPorts;
  readonly making: Making;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Told of kind's process, which does not end with this one. */
  readonly onStart: (pid: number) => Promise<void>;
  /** Told of each of kind's steps when it begins, in kind's words: `Starting control-plane`. */
  readonly onStep?: (step: string) => void;
}

/** A network of its own; one that was destroyed and is made again finds that which it had. */
async function ensureNetwork(name: string): Promise<void> {
  if ((await networksOf(name)).length > 0) return;
  await run(
    ['docker', 'network', 'create', '--driver', 'bridge', '--label', `${NETWORK_LABEL}=${name}`, name],
    { timeout_s: 30 },
  );
}

/**
 * Runs kind to its end, its output in a log file.
 * @throws UnfitError with the end of the output, or naming the port that is taken; the signal's reason when aborted
 */
export async function runKind(options: KindOptions): Promise<void> {
  const { name, ports, making, progress, signal, onStart, onStep } = options;
  await ensureNetwork(name);
  const kubeconfig = await kubeconfigOf(name);
  const log_file = await creationLogOf(name);
  signal.throwIfAborted();
  await using kind = startChild(
    [
      making.kind,
      'create',
      'cluster',
      '--retain',
      '--image',
      making.node_image,
      '--config',
      '-',
      '--kubeconfig',
      kubeconfig,
    ],
    // A network of its own keeps runs apart; kind's default one is shared by every cluster of the machine.
    { env: { KIND_EXPERIMENTAL_DOCKER_NETWORK: name } },
  );
  const onAbort = (): void => {
    kind.kill('SIGKILL');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const log = createWriteStream(log_file, { mode: 0o600 });
  const lines: string[] = [];
  for (const stream of [kind.stdout, kind.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      log.write(`${line}\n`);
      const step = /^ • (.*?) \S* *\.\.\.$/.exec(line)?.[1];
      if (step === undefined) return;
      progress(`${name}: ${step}`);
      onStep?.(step);
    });
  }
  await onStart(kind.pid);
  // Kind reads its configuration first, so it makes nothing before its process is written down.
  kind.stdin.end(kindConfig(name, ports, making.nodes, making.mounts));
  const { exit_code, signal: ended_by } = await kind.exited;
  signal.removeEventListener('abort', onAbort);
  log.end();
  await finished(log);
  if (signal.aborted) throw signal.reason;
  if (exit_code !== 0) {
    await explain(name, ports, lines, ended_by ? `was ended by ${ended_by}` : `exited ${exit_code}`);
  }
  await chmod(kubeconfig, 0o600);
}

async function explain(
  name: string,
  ports: HostPorts,
  lines: readonly string[],
  ended: string,
): Promise<never> {
  const text = lines.join('\n');
  const clash = clashingPort(text);
  if (clash !== undefined) {
    const service = Object.entries(ports).find(([, port]) => port === clash)?.[0] ?? 'the cluster';
    throw portTaken(service, clash);
  }
  const node = await tryRun(['docker', 'logs', '--tail', String(TAIL_LINES), `${name}-control-plane`], {
    timeout_s: 30,
  });
  const said = `${node.stdout}${node.stderr}`.trim();
  throw new UnfitError(
    `kind ${ended} while it made cluster ${name}:\n${lines.slice(-TAIL_LINES).join('\n')}` +
      (said === '' || node.exit_code !== 0 ? '' : `\nThe node's last lines:\n${said}`),
    { next: 'mettle doctor says whether this machine is fit.' },
  );
}
