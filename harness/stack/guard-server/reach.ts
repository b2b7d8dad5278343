/** How clients on this machine come to a server in a cluster: without anything in between that would hold up what they send. */
import { dockerView } from '#harness/cluster/docker-ports.ts';
import { refuseForeignAddress } from '#harness/cluster/own-network.ts';
import { readRecord } from '#harness/cluster/record.ts';
import { NODE_PORTS, type PublishedService, type RunningCluster } from '#harness/cluster/types.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { listAt, numberAt } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { SERVICE } from '#harness/kube/recording.ts';
import type { Address } from '#harness/database/server/types.ts';

type Place = Pick<Address, 'host' | 'port'>;

/** A way to a server that is about to be made. */
export interface Reach {
  /** The node port that its Service must have; any when absent. */
  readonly node_port?: number;
  /** Where clients connect. @param node address of the node that it runs on @throws RefusedError for an address of others */
  place(node: string, node_port: number): Promise<Place>;
}

/**
 * A node port that a cluster publishes on loopback and that nothing in it uses; PostgreSQL's own, where that is free.
 * @param published ports on loopback
 * @param used node ports of its Services
 */
export function freePublished(
  published: Partial<Readonly<Record<PublishedService, number>>>,
  used: ReadonlySet<number>,
): { readonly node_port: number; readonly port: number } | undefined {
  const names: readonly PublishedService[] = [
    'postgres',
    'chat',
    'git',
    'alertmanager',
    'prometheus',
    'contour',
    'gateway',
  ];
  for (const name of names) {
    const port = published[name];
    const node_port = NODE_PORTS[name];
    if (port !== undefined && !used.has(node_port)) return { node_port, port };
  }
  return undefined;
}

/**
 * Chooses the way. A cluster that Mettle made has a network of its own on this machine, so clients go to its node directly; one
 * that was adopted is reached by what it publishes on loopback.
 * @throws UnfitError when an adopted one publishes nothing that is free
 */
export async function chooseReach(cluster: RunningCluster, kube: KubeClient): Promise<Reach> {
  if ((await readRecord(cluster.name))?.kind !== 'adopted') {
    return {
      place: async (node, port) => {
        await refuseForeignAddress(cluster, node);
        return { host: node, port };
      },
    };
  }
  const services = await kube.list(SERVICE);
  const used = new Set(
    services.flatMap((one) => listAt(one, 'spec', 'ports').map((port) => numberAt(port, 'nodePort') ?? 0)),
  );
  const free = freePublished((await dockerView(cluster.api_server))?.ports ?? {}, used);
  if (free === undefined) {
    throw new UnfitError(
      `cluster ${cluster.name} publishes no port on this machine's loopback address that a server in it could be reached by`,
      {
        next: `Its node must publish one of the node ports ${Object.values(NODE_PORTS).join(', ')} on 127.0.0.1, with no Service on it; or choose --engine embedded.`,
      },
    );
  }
  return {
    node_port: free.node_port,
    place: () => Promise.resolve({ host: '127.0.0.1', port: free.port }),
  };
}
