import { stringify } from 'yaml';
import { NODE_PORTS } from './types.ts';

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

/**
 * kind's configuration of a cluster with one node. Source: kind's API v1alpha4. Nothing listens beyond loopback.
 * The node image brings its own network, so kind's default one is off.
 */
export function kindConfig(name: string, ports: HostPorts): string {
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
        extraPortMappings: services.map((service) => ({
          containerPort: NODE_PORTS[service],
          hostPort: ports[service],
          listenAddress: LOOPBACK,
          protocol: 'TCP',
        })),
      },
    ],
  });
}
