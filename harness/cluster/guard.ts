import { RefusedError } from '#harness/core/errors.ts';
import { type ClusterIdentity, readIdentity } from '#harness/kube/marker.ts';
import { type ClusterRecord, readRecord } from './record.ts';
import type { Cluster, RunningCluster } from './types.ts';

/** Whether an address can only lead to this machine. */
export function isLoopback(address: string): boolean {
  try {
    const { hostname, protocol } = new URL(address);
    return protocol === 'https:' && (/^127(\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]');
  } catch {
    return false;
  }
}

/**
 * Why a cluster that answers is not the recorded one; undefined when it is. Pure, so that every kind of impostor can
 * be tried.
 */
export function impostor(record: ClusterRecord, found: ClusterIdentity): string | undefined {
  if (found.uid !== record.uid) {
    return `it is another cluster: its namespace kube-system has UID ${found.uid || 'none'}, recorded is ${record.uid}`;
  }
  if (found.marker === undefined) return "it carries no marker of Mettle's (mettle-system/mettle-marker)";
  if (found.marker.id !== record.marker_id)
    return 'its marker is not the one that was written when it was made';
  if (found.marker.kind !== record.kind)
    return `its marker says that it is ${found.marker.kind}, not ${record.kind}`;
  if (found.marker.cluster !== record.name || found.marker.cluster_uid !== record.uid) {
    return `its marker was made for cluster ${found.marker.cluster}`;
  }
  return undefined;
}

function refuse(name: string, why: string, cause?: unknown): RefusedError {
  return new RefusedError(`Refusing to act on cluster ${name}: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    next: 'Mettle acts only on clusters that it made or was given: mettle cluster list shows them, mettle cluster create makes one, mettle cluster adopt takes one.',
  });
}

/**
 * A cluster whose identity was proven when a fault was injected into it, for the healing of faults that keep its API
 * server from answering. It is the recorded one still: by UID in the record, on this machine's loopback address.
 * @throws RefusedError when the record is another cluster's, or that of one elsewhere
 */
export async function trustRecord(cluster: Pick<Cluster, 'name' | 'uid'>): Promise<RunningCluster> {
  const { name } = cluster;
  const record = await readRecord(name);
  if (record === undefined) throw refuse(name, 'Mettle has no record of having made or adopted it');
  if (cluster.uid !== record.uid)
    throw refuse(name, 'a cluster of the same name has taken its place since this run began');
  if (!isLoopback(record.api_server)) {
    throw refuse(name, `its API server ${record.api_server} is not on this machine's loopback address`);
  }
  const { api_server, kubeconfig, uid, ports } = record;
  return { name, uid, api_server, kubeconfig, ports, guarded: true };
}

/**
 * Proves that a cluster is the one which Mettle made or adopted under this name, as it stands now: by its record, through
 * its own kubeconfig (never the user's), by address, kube-system UID and marker. The address of one that Mettle made is
 * loopback; that of an adopted one is what its owner typed. Call it before every action that changes something.
 * @throws RefusedError when anything differs
 * @throws UnfitError when the cluster does not answer
 */
export async function guardCluster(
  cluster: Pick<Cluster, 'name'> & Partial<Pick<Cluster, 'uid' | 'api_server'>>,
): Promise<RunningCluster> {
  const { name } = cluster;
  const record = await readRecord(name);
  if (record === undefined) throw refuse(name, 'Mettle has no record of having made or adopted it');
  if (cluster.uid !== undefined && cluster.uid !== record.uid) {
    throw refuse(name, 'a cluster of the same name has taken its place since this run began');
  }
  if (cluster.api_server !== undefined && cluster.api_server !== record.api_server) {
    throw refuse(name, `it was ${record.kind} at ${record.api_server}, not at ${cluster.api_server}`);
  }
  if (record.kind === 'made' && !isLoopback(record.api_server)) {
    throw refuse(name, `its API server ${record.api_server} is not on this machine's loopback address`);
  }
  const { api_server, kubeconfig, uid, ports } = record;
  const why = impostor(record, await readIdentity({ name, api_server, kubeconfig }));
  if (why !== undefined) throw refuse(name, why);
  return { name, uid, api_server, kubeconfig, ports, guarded: true };
}
