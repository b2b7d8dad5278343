import { RefusedError, UnfitError } from '#harness/core/errors.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { isAlive } from '#harness/lease/owner.ts';
import { freshId, removeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import { debtOf, debtReceipt, noteDebt } from './debt.ts';
import { dockerAt, dockerLines } from './docker-place.ts';
import { parsePorts } from './docker-ports.ts';
import { guardCluster } from './guard.ts';
import type { HostPorts } from './kind-config.ts';
import { type ClusterRecord, type Making, readRecord } from './record.ts';
import { nodeContainers, removeNodes } from './remove.ts';
import type { Cluster } from './types.ts';

/** A cluster that was destroyed on purpose and may be made again: `recreateCluster`. Plain data. */
export interface LostCluster {
  readonly name: string;
  /** Of its namespace kube-system: whatever is made in its place has another. */
  readonly uid: string;
  /** What its receipt is called after; the receipt holds its ports for it until it is made again. */
  readonly debt_id: string;
  readonly ports: HostPorts;
  readonly making: Making;
  /** It was to outlive the run, and what is made in its place is so too. */
  readonly kept: boolean;
  /** When its nodes were told to die, a moment before the first of them did. */
  readonly destroyed_at: EpochMs;
}

function refuse(name: string, why: string): RefusedError {
  return new RefusedError(`Refusing to destroy cluster ${name}: ${why}`, {
    next: 'Mettle destroys only what it made itself for this run: mettle cluster list shows whose a cluster is.',
  });
}

/**
 * Why a recorded cluster must not be destroyed by this process; undefined when it may. Pure, so that each reason can be
 * tried.
 * @param user_pid the live process that made it for its own run; undefined when there is none
 */
export function mustStay(
  record: Pick<ClusterRecord, 'kind' | 'kept'> | undefined,
  user_pid: number | undefined,
  own_pid: number,
): string | undefined {
  if (record === undefined) return 'Mettle has no record of having made it';
  if (record.kind === 'adopted') return 'it was adopted, and Mettle never destroys what it did not make';
  if (!record.kept && user_pid !== undefined && user_pid !== own_pid)
    return `it is in use by the run of process ${user_pid}`;
  return undefined;
}

/** What a person on this machine sees of the cluster's control plane must be the very containers that are to die. */
async function checkContainers(record: ClusterRecord): Promise<readonly string[]> {
  const containers = await nodeContainers(record.name, record);
  const published = await Promise.all(
    containers.map((container) => dockerLines(record, ['port', container]).catch(() => [])),
  );
  const port = Number(new URL(record.api_server).port);
  const answering = parsePorts(published.flat().join('\n')).some((mapping) => mapping.port === port);
  if (answering) return containers;
  throw refuse(
    record.name,
    `none of the ${containers.length} containers of its name publishes its API server (port ${port})`,
  );
}

/** The record of a cluster that this run may end. @throws RefusedError when it is not this run's */
async function ownRecord(name: string): Promise<ClusterRecord> {
  const record = await readRecord(name);
  const user = record && (await isAlive(record.owner)) ? record.owner.pid : undefined;
  const why = mustStay(record, user, process.pid);
  if (record === undefined || why !== undefined) throw refuse(name, why ?? 'Mettle has no record of it');
  return record;
}

/**
 * Ends the nodes of a cluster as a cut of their power would, and starts them again: what is on their disks stays.
 * @throws RefusedError when it may not be touched; nothing was then
 * @throws UnfitError when it does not answer, or Docker does not obey
 */
export async function restartNodes(cluster: Pick<Cluster, 'name' | 'uid' | 'api_server'>): Promise<void> {
  const record = await ownRecord(cluster.name);
  await guardCluster(cluster);
  const containers = await checkContainers(record);
  for (const act of ['kill', 'start'] as const) {
    const { exit_code, stderr } = await dockerAt(record, [act, ...containers]);
    if (exit_code !== 0) {
      throw new UnfitError(`The nodes of cluster ${cluster.name} do not ${act}: ${stderr.trim()}`);
    }
  }
}

/**
 * Destroys a cluster without warning: its node containers are killed, all at once, and removed with their volumes. Its Docker
 * network stays, for whoever else is in it, and so do its record, its kubeconfig and its claim on its ports: it can be made
 * again under the same name. From before the first kill on nothing is owed that is not on a receipt: when this process dies,
 * its warden removes what is left.
 *
 * A cluster is destroyed only when Mettle made it, by the record and by the marker that it carries at this moment, when no
 * other run uses it, and when it can be made again.
 * @throws RefusedError when it may not be destroyed; nothing was touched then
 * @throws UnfitError when it does not answer, cannot be made again, or Docker does not let go
 */
export async function destroyCluster(
  cluster: Pick<Cluster, 'name' | 'uid' | 'api_server'>,
): Promise<LostCluster> {
  const { name, uid } = cluster;
  const record = await ownRecord(name);
  const { making, kept, docker_host } = record;
  if (making === undefined) {
    throw new UnfitError(
      `Cluster ${name} cannot be made again: its record does not say what it was made of`,
      {
        next: `Make a new one: mettle cluster delete ${name}, then mettle cluster create ${name}`,
      },
    );
  }
  await guardCluster(cluster);
  const containers = await checkContainers(record);
  await ensureWarden();

  const owed = await debtOf(name);
  const ports: HostPorts = { api_server: Number(new URL(record.api_server).port), ...record.ports };
  const place = docker_host === undefined ? {} : { docker_host };
  const debt = { id: owed ?? freshId(), name, ports, place };
  await noteDebt(debt, 'ready');
  const destroyed_at = Date.now();
  const killed = await dockerAt(place, ['kill', '--signal', 'KILL', ...containers]);
  // Docker names each container that it has killed; when it killed none, a cluster that was kept is kept still.
  if (killed.exit_code !== 0 && killed.stdout.trim() === '') {
    if (owed === undefined) await removeReceipt(debtReceipt(debt));
    throw new UnfitError(`Cluster ${name} could not be destroyed: ${killed.stderr.trim()}`);
  }
  await removeNodes(name, place);
  return { name, uid, debt_id: debt.id, ports, making, kept, destroyed_at };
}
