import { stringify } from 'yaml';
import { NODE_PORTS, type NodeMount, WORKER_TAINT } from './types.ts';

/** What a cluster listens for on 127.0.0.1: the API server and the published services. */
export const HOST_PORTS = [
  'api_server',
  'gateway',
  'contour',
  'git',
  'postgres',
  'prometheus',
  'alertmanager',
  'chat',
] as const;

export type HostPorts = Readonly<Record<(typeof HOST_PORTS)[number], number>>;

const LOOPBACK = '127.0.0.1';

/** The control plane runs pods as well, as that of a cluster with one node does. */
const OPEN_CONTROL_PLANE = stringify({ kind: 'InitConfiguration', nodeRegistration: { taints: [] } });

/**
 * A worker takes what tolerates its taint, which is the shop alone: the stack stays with the control plane, so that a
 * fault of a worker is a fault of the shop's and of nothing else.
 */
const WORKER = {
  role: 'worker',
  kubeadmConfigPatches: [
    stringify({
      kind: 'JoinConfiguration',
      nodeRegistration: { taints: [{ ...WORKER_TAINT, value: 'shop' }] },
    }),
  ],
};

/**
 * kind's configuration of a cluster. Source: kind's API v1alpha4. Nothing listens beyond loopback. The node image brings
 * its own network, so kind's default one is off.
 * @param nodes the control plane and, from 2 on, workers
 * @param mounts folders of the machine that each node has
 */
export function kindConfig(
  name: string,
  ports: HostPorts,
  nodes = 1,
  mounts: readonly NodeMount[] = [],
): string {
  const extraMounts = mounts.map(({ host_path, node_path }) => ({
    hostPath: host_path,
    containerPath: node_path,
  }));
  const mounted = extraMounts.length === 0 ? {} : { extraMounts };
  const services = HOST_PORTS.filter((port) => port !== 'api_server');
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name,
    networking: {
      apiServerAddress: LOOPBACK,
      apiServerPort: ports.api_server,
      ipFamily: 'ipv4',
      disableDefaultCNI: true,
    },
    nodes: [
      {
        role: 'control-plane',
        ...(nodes > 1 ? { kubeadmConfigPatches: [OPEN_CONTROL_PLANE] } : {}),
        extraPortMappings: services.map((service) => ({
          containerPort: NODE_PORTS[service],
          hostPort: ports[service],
          listenAddress: LOOPBACK,
          protocol: 'TCP',
        })),
        ...mounted,
      },
      ...Array.from({ length: nodes - 1 }, () => ({ ...WORKER, ...mounted })),
    ],
  });
}
