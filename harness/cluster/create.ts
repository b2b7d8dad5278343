import { InterruptedError, MettleError, RefusedError, UnfitError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { writeMarker } from '#harness/kube/marker.ts';
import { processOf, thisProcess } from '#harness/lease/owner.ts';
import { freshId, removeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import { type ClusterDebt, debtOf, debtReceipt, noteDebt } from './debt.ts';
import type { LostCluster } from './destroy.ts';
import { presentPlace } from './docker-place.ts';
import { guardCluster } from './guard.ts';
import { runKind } from './kind.ts';
import { HOST_PORTS, type HostPorts } from './kind-config.ts';
import { clusterName, PREFIX } from './names.ts';
import { routePods } from './pod-routes.ts';
import { claimPorts } from './ports.ts';
import { type ClusterRecord, kubeconfigOf, type Making, readRecord, writeRecord } from './record.ts';
import { nodeContainers, removeCluster } from './remove.ts';
import type { NodeMount, RunningCluster } from './types.ts';

export interface CreateOptions {
  /** With or without the prefix `mettle-`; a fresh one when absent. */
  readonly name?: string;
  /** The node's image and the path of kind, from the bill of materials. */
  readonly artifacts: { readonly node_image: string; readonly kind: string };
  /** Ports on 127.0.0.1 that the caller insists on; free ones where absent. */
  readonly ports?: Partial<HostPorts>;
  /** The control plane and workers beside it; 1 when absent. */
  readonly nodes?: number;
  /** Folders of this machine that its nodes have. */
  readonly mounts?: readonly NodeMount[];
  /** True lets the cluster outlive this process once it is ready. A cluster that never gets ready is removed. */
  readonly keep: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Told of each of kind's steps when it begins, in kind's words: `Starting control-plane`. */
  readonly onStep?: (step: string) => void;
}

/** A cluster that goes with its owner: giving it back removes it. */
export interface OwnCluster extends RunningCluster, AsyncDisposable {
  /** Lets it outlive this process, for example because the run failed and a person wants to look. */
  keep(): Promise<void>;
}

/**
 * Makes a cluster for this run alone, of one node unless said: on free loopback ports, in a network of its own, with a kubeconfig of
 * its own. What is owed is written down, and the warden started, before anything is made.
 * @throws UnfitError when kind fails (with the end of its output) or a port is taken
 * @throws InterruptedError when the signal is aborted
 */
export async function createCluster(options: CreateOptions): Promise<OwnCluster> {
  const { artifacts, signal, nodes = 1, mounts = [] } = options;
  const id = freshId();
  const name = options.name === undefined ? `${PREFIX}${id}` : clusterName(options.name);
  await refuseTakenName(name);
  signal.throwIfAborted();
  await ensureWarden();

  const place = presentPlace();
  const ports = hostPorts(
    await claimPorts(HOST_PORTS, options.ports ?? {}, async (chosen) =>
      noteDebt({ id, name, ports: hostPorts(chosen), place }, 'creating'),
    ),
  );
  const { node_image, kind } = artifacts;
  const making = { node_image, kind, nodes, mounts: [...mounts] };
  return await make({ id, name, ports, place }, making, options);
}

/**
 * Makes a cluster that was destroyed again: of the same parts, under the same name and on the same ports, which its receipt
 * has held for it. It is another cluster, with another UID, and who held the lost one must let go of it. Whoever was to give
 * the lost one back gives back this one.
 * @throws RefusedError when something else has taken its place since
 * @throws otherwise as `createCluster`
 */
export async function recreateCluster(
  lost: LostCluster,
  options: Pick<CreateOptions, 'progress' | 'signal' | 'onStep'>,
): Promise<OwnCluster> {
  const { name, uid, debt_id, ports, making, kept } = lost;
  const record = await readRecord(name);
  if (record?.uid !== uid || (await debtOf(name)) !== debt_id) {
    throw new RefusedError(`Cluster ${name} cannot be made again: it is not the one that was destroyed`, {
      next: 'It was removed, or made again already. mettle cluster list shows what there is.',
    });
  }
  await refuseContainers(name);
  options.signal.throwIfAborted();
  await ensureWarden();
  const debt = { id: debt_id, name, ports, place: presentPlace() };
  await noteDebt(debt, 'creating');
  return await make(debt, making, { ...options, keep: kept });
}

/** Makes what is on a receipt already. When that fails, everything is removed. */
async function make(
  debt: ClusterDebt,
  making: Making,
  options: Pick<CreateOptions, 'keep' | 'progress' | 'signal' | 'onStep'>,
): Promise<OwnCluster> {
  const { name, ports, place } = debt;
  const { progress, signal, onStep } = options;
  const giveBack = async (): Promise<void> => {
    await removeCluster(name, place);
    await removeReceipt(debtReceipt(debt));
  };
  try {
    progress(`creating ${name}`);
    await runKind({
      name,
      ports,
      making,
      progress,
      signal,
      onStart: async (pid) => noteDebt(debt, 'creating', await processOf(pid)),
      ...(onStep ? { onStep } : {}),
    });
    const record = await register(debt, making);
    await noteDebt(debt, 'ready');
    let kept = false;
    const keepIt = async (): Promise<void> => {
      // It may have been destroyed since, and made again: what is there now is what a person wants to look at.
      const current = await readRecord(name);
      if (current !== undefined) await writeRecord({ ...current, kept: true });
      await removeReceipt(debtReceipt(debt));
      kept = true;
    };
    const cluster = await guardCluster(record);
    if (making.nodes > 1) await routePods(cluster, making.nodes, signal);
    if (options.keep) await keepIt();
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
  await refuseContainers(name);
}

async function refuseContainers(name: string): Promise<void> {
  if ((await nodeContainers(name)).length === 0) return;
  throw new UnfitError(`There is a cluster ${name} already`, {
    next: 'Choose another name; Mettle did not make that one.',
  });
}

/** Marks the new cluster and remembers its identity. */
async function register({ id, name, ports, place }: ClusterDebt, making: Making): Promise<ClusterRecord> {
  const kubeconfig = await kubeconfigOf(name);
  const { api_server: api_port, ...services } = ports;
  const api_server = `https://127.0.0.1:${api_port}`;
  const marker_id = `${id}-${freshId()}`;
  const uid = await writeMarker({ name, api_server, kubeconfig }, marker_id);
  const record = {
    name,
    uid,
    api_server,
    kubeconfig,
    ports: services,
    marker_id,
    owner: await thisProcess(),
    created_at: new Date().toISOString(),
    kept: false,
    kind: 'made' as const,
    making,
    ...place,
  };
  await writeRecord(record);
  return record;
}
