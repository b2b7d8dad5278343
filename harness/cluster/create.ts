import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { InterruptedError, MettleError, UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { writeMarker } from '#harness/kube/marker.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { freshId, type Receipt, removeReceipt, writeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import { startChild } from '#harness/process/child.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { guardCluster } from './guard.ts';
import { HOST_PORTS, type HostPorts, kindConfig } from './kind-config.ts';
import { clusterName, NETWORK_LABEL, PREFIX } from './names.ts';
import { claimPorts, clashingPort, portTaken } from './ports.ts';
import { type ClusterRecord, creationLogOf, kubeconfigOf, readRecord, writeRecord } from './record.ts';
import { type ClusterHeal, nodeContainers, removeCluster } from './remove.ts';
import type { RunningCluster } from './types.ts';

export interface CreateOptions {
  /** With or without the prefix `mettle-`; a fresh one when absent. */
  readonly name?: string;
  /** The node's image and the path of kind, from the bill of materials. */
  readonly artifacts: { readonly node_image: string; readonly kind: string };
  /** Ports on 127.0.0.1 that the caller insists on; free ones where absent. */
  readonly ports?: Partial<HostPorts>;
  /** True lets the cluster outlive this process once it is ready. A cluster that never gets ready is removed. */
  readonly keep: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A cluster that goes with its owner: giving it back removes it. */
export interface OwnCluster extends RunningCluster, AsyncDisposable {
  /** Lets it outlive this process, for example because the run failed and a person wants to look. */
  keep(): Promise<void>;
}

/** A cluster is given back by its run; this only bounds a run that hangs for ever. */
const LEASE_S = 6 * 3600;
const TAIL_LINES = 25;

/**
 * Makes a cluster of one node for this run alone: on free loopback ports, in a network of its own, with a kubeconfig of
 * its own. What is owed is written down, and the warden started, before anything is made.
 * @throws UnfitError when kind fails (with the end of its output) or a port is taken
 * @throws InterruptedError when the signal is aborted
 */
export async function createCluster(options: CreateOptions): Promise<OwnCluster> {
  const { progress, signal, keep } = options;
  const id = freshId();
  const name = options.name === undefined ? `${PREFIX}${id}` : clusterName(options.name);
  await refuseTakenName(name);
  signal.throwIfAborted();
  await ensureWarden();

  const docker_host = process.env['DOCKER_HOST'];
  const place = docker_host ? { docker_host } : {};
  const receipt = async (ports: HostPorts, state: ClusterHeal['state']): Promise<Receipt> => ({
    id: `cluster-${id}`,
    kind: 'cluster',
    subject: name,
    created_at: new Date().toISOString(),
    lease_s: LEASE_S,
    owner: await thisProcess(),
    heal: { name, ports: Object.values(ports), state, ...place } satisfies ClusterHeal,
  });
  const ports = hostPorts(
    await claimPorts(HOST_PORTS, options.ports ?? {}, async (chosen) =>
      writeReceipt(await receipt(hostPorts(chosen), 'creating')),
    ),
  );

  const giveBack = async (): Promise<void> => {
    await removeCluster(name, place);
    await removeReceipt(`cluster-${id}`);
  };
  try {
    progress(`creating ${name}`);
    await runKind({ ...options, name, ports });
    const record = await register({ name, id, ports, kept: false, place });
    await writeReceipt(await receipt(ports, 'ready'));
    let kept = false;
    const keepIt = async (): Promise<void> => {
      await writeRecord({ ...record, kept: true });
      await removeReceipt(`cluster-${id}`);
      kept = true;
    };
    const cluster = await guardCluster(record);
    if (keep) await keepIt();
    progress(`${name} answers at ${cluster.api_server}`);
    return {
      ...cluster,
      keep: keepIt,
      [Symbol.asyncDispose]: async () => {
        if (!kept) await giveBack();
      },
    };
  } catch (error) {
    // The first error is the one to read; what cannot be removed now stays on its receipt.
    await giveBack().catch(() => undefined);
    if (signal.aborted && !(error instanceof MettleError)) {
      throw new InterruptedError(`the making of cluster ${name} was stopped`, { cause: error });
    }
    throw error;
  }
}

/** The chosen ports by what they are for. */
function hostPorts(chosen: ReadonlyMap<keyof HostPorts, number>): HostPorts {
  const port = (name: keyof HostPorts): number => {
    const found = chosen.get(name);
    if (found === undefined) throw new Error(`no port was chosen for ${name}`);
    return found;
  };
  return {
    api_server: port('api_server'),
    gateway: port('gateway'),
    prometheus: port('prometheus'),
    alertmanager: port('alertmanager'),
    chat: port('chat'),
  };
}

async function refuseTakenName(name: string): Promise<void> {
  const recorded = await readRecord(name);
  if (recorded === undefined && (await nodeContainers(name)).length === 0) return;
  throw new UnfitError(`There is a cluster ${name} already`, {
    next: recorded
      ? `Delete it: mettle cluster delete ${name}`
      : `Choose another name; Mettle did not make that one.`,
  });
}

/** Runs kind to its end, its output in a log file. */
async function runKind(
  options: Pick<CreateOptions, 'artifacts' | 'progress' | 'signal'> & { name: string; ports: HostPorts },
): Promise<void> {
  const { name, ports, artifacts, progress, signal } = options;
  await run(
    ['docker', 'network', 'create', '--driver', 'bridge', '--label', `${NETWORK_LABEL}=${name}`, name],
    {
      timeout_s: 30,
    },
  );
  const kubeconfig = await kubeconfigOf(name);
  const log_file = await creationLogOf(name);
  signal.throwIfAborted();
  await using kind = startChild(
    [
      artifacts.kind,
      'create',
      'cluster',
      '--retain',
      '--image',
      artifacts.node_image,
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
      if (step !== undefined) progress(`${name}: ${step}`);
    });
  }
  kind.stdin.end(kindConfig(name, ports));
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

/** Marks the new cluster and remembers its identity. */
async function register(made: {
  name: string;
  id: string;
  ports: HostPorts;
  kept: boolean;
  place: { docker_host?: string };
}): Promise<ClusterRecord> {
  const { name, ports, kept, place } = made;
  const kubeconfig = await kubeconfigOf(name);
  const api_server = `https://127.0.0.1:${ports.api_server}`;
  const marker_id = `${made.id}-${freshId()}`;
  const uid = await writeMarker({ name, api_server, kubeconfig }, marker_id);
  const { api_server: _api_port, ...services } = ports;
  const record = {
    name,
    uid,
    api_server,
    kubeconfig,
    ports: services,
    marker_id,
    owner: await thisProcess(),
    created_at: new Date().toISOString(),
    kept,
    ...place,
  };
  await writeRecord(record);
  return record;
}
