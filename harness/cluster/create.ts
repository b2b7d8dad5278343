import { InterruptedError, MettleError, UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { writeMarker } from '#harness/kube/marker.ts';
import { type Owner, processOf, thisProcess } from '#harness/lease/owner.ts';
import { freshId, type Receipt, removeReceipt, writeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import { guardCluster } from './guard.ts';
import { runKind } from './kind.ts';
import { HOST_PORTS, type HostPorts } from './kind-config.ts';
import { clusterName, PREFIX } from './names.ts';
import { routePods } from './pod-routes.ts';
import { claimPorts } from './ports.ts';
import { type ClusterRecord, kubeconfigOf, readRecord, writeRecord } from './record.ts';
import { type ClusterHeal, nodeContainers, removeCluster } from './remove.ts';
import type { RunningCluster } from './types.ts';

export interface CreateOptions {
  /** With or without the prefix `mettle-`; a fresh one when absent. */
  readonly name?: string;
  /** The node's image and the path of kind, from the bill of materials. */
  readonly artifacts: { readonly node_image: string; readonly kind: string };
  /** Ports on 127.0.0.1 that the caller insists on; free ones where absent. */
  readonly ports?: Partial<HostPorts>;
  /** The control plane and workers beside it; 1 when absent. */
  readonly nodes?: number;
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

/**
 * Makes a cluster for this run alone, of one node unless said: on free loopback ports, in a network of its own, with a kubeconfig of
 * its own. What is owed is written down, and the warden started, before anything is made.
 * @throws UnfitError when kind fails (with the end of its output) or a port is taken
 * @throws InterruptedError when the signal is aborted
 */
export async function createCluster(options: CreateOptions): Promise<OwnCluster> {
  const { progress, signal, keep, nodes = 1 } = options;
  const id = freshId();
  const name = options.name === undefined ? `${PREFIX}${id}` : clusterName(options.name);
  await refuseTakenName(name);
  signal.throwIfAborted();
  await ensureWarden();

  const docker_host = process.env['DOCKER_HOST'];
  const place = docker_host ? { docker_host } : {};
  const receipt = async (ports: HostPorts, state: ClusterHeal['state'], maker?: Owner): Promise<Receipt> => ({
    id: `cluster-${id}`,
    kind: 'cluster',
    subject: name,
    created_at: new Date().toISOString(),
    lease_s: LEASE_S,
    owner: await thisProcess(),
    heal: {
      name,
      ports: Object.values(ports),
      state,
      ...(maker === undefined ? {} : { maker }),
      ...place,
    } satisfies ClusterHeal,
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
    await runKind({
      ...options,
      name,
      ports,
      nodes,
      onStart: async (pid) => writeReceipt(await receipt(ports, 'creating', await processOf(pid))),
    });
    const record = await register({ name, id, ports, kept: false, place });
    await writeReceipt(await receipt(ports, 'ready'));
    let kept = false;
    const keepIt = async (): Promise<void> => {
      await writeRecord({ ...record, kept: true });
      await removeReceipt(`cluster-${id}`);
      kept = true;
    };
    const cluster = await guardCluster(record);
    if (nodes > 1) await routePods(cluster, nodes, signal);
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
    throw signal.aborted ? stopped(name, signal.reason) : error;
  }
}

/** What an aborted signal means: its own reason where that is for a reader, else a budget or a person. */
function stopped(name: string, reason: unknown): MettleError {
  if (reason instanceof MettleError) return reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new UnfitError(`Cluster ${name} was not ready within the budget of its phase`, {
      cause: reason,
      next: 'mettle doctor says whether this machine is fit.',
    });
  }
  return new InterruptedError(`The making of cluster ${name} was stopped`, { cause: reason });
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
    contour: port('contour'),
    git: port('git'),
    postgres: port('postgres'),
    prometheus: port('prometheus'),
    alertmanager: port('alertmanager'),
    chat: port('chat'),
  };
}

/**
 * Proves before any work is done that a cluster of this name can be made, as far as Mettle's own records tell.
 * @throws UnfitError when Mettle has one of this name
 */
export async function refuseRecordedName(name: string): Promise<void> {
  const recorded = await readRecord(name);
  if (recorded === undefined) return;
  const verb = recorded.kind === 'adopted' ? 'release' : 'delete';
  throw new UnfitError(`There is a cluster ${name} already`, {
    next: `Choose another name, or let that one go: mettle cluster ${verb} ${name}`,
  });
}

async function refuseTakenName(name: string): Promise<void> {
  await refuseRecordedName(name);
  if ((await nodeContainers(name)).length === 0) return;
  throw new UnfitError(`There is a cluster ${name} already`, {
    next: 'Choose another name; Mettle did not make that one.',
  });
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
    kind: 'made' as const,
    ...place,
  };
  await writeRecord(record);
  return record;
}
