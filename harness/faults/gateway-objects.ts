import { stringify } from 'yaml';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { CONTOUR_GATEWAY } from '#harness/gateway/contour.ts';
import { servingObjects } from './serving-objects.ts';

/** Name of everything that a fault of the gateway makes in the run's namespace. */
export const NAME = 'mettle-gateway-fault';
/** Says in an answer which way it came. */
export const MARK_HEADER = 'x-mettle-fault';
export const HTTP_ROUTE = { api_version: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' } as const;

const PORT = 8080;
/** What a request that has been through the fault says of its client, so that it is not led there again. */
const PASSED = '~';
const TYPES = 'type.googleapis.com/envoy.extensions.filters';

interface Place {
  readonly namespace: string;
  /** Of the gateway's own Envoy. */
  readonly image: string;
}

/** Hands everything on to the gateway that it came from; its one filter is the fault. */
function envoyConfig(fault: object): string {
  const config = {
    static_resources: {
      listeners: [
        {
          name: 'fault',
          address: { socket_address: { address: '0.0.0.0', port_value: PORT } },
          filter_chains: [{ filters: [connectionManager(fault)] }],
        },
      ],
      clusters: [
        {
          name: 'gateway',
          type: 'STRICT_DNS',
          connect_timeout: '2s',
          load_assignment: {
            cluster_name: 'gateway',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: gatewayAddress() } }] }],
          },
        },
      ],
    },
  };
  return stringify(config);
}

function gatewayAddress(): object {
  return { socket_address: { address: `envoy.${CONTOUR_GATEWAY.namespace}`, port_value: 80 } };
}

function connectionManager(fault: object): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': `${TYPES}.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'fault',
      generate_request_id: false,
      route_config: {
        request_headers_to_add: [
          {
            header: { key: 'user-agent', value: `${PASSED}%REQ(user-agent)%` },
            append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
          },
        ],
        response_headers_to_add: [{ header: { key: MARK_HEADER, value: 'passed' } }],
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { cluster: 'gateway', timeout: '0s' } }],
          },
        ],
      },
      http_filters: [
        {
          name: 'envoy.filters.http.fault',
          typed_config: { '@type': `${TYPES}.http.fault.v3.HTTPFault`, ...fault },
        },
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': `${TYPES}.http.router.v3.Router` },
        },
      ],
    },
  };
}

/**
 * An Envoy with a fault, its configuration and its Service.
 * @param fault settings of Envoy's fault filter (envoy.extensions.filters.http.fault.v3.HTTPFault)
 */
export function faultyEnvoy({ namespace, image }: Place, fault: object): readonly KubeObject[] {
  return servingObjects({
    name: NAME,
    namespace,
    port: PORT,
    data: { 'envoy.yaml': envoyConfig(fault) },
    pod: podSpec(image),
  });
}

function podSpec(image: string): object {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'envoy',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['--config-path', '/config/envoy.yaml', '--disable-hot-restart', '--log-level', 'warning'],
        ports: [{ name: 'http', containerPort: PORT }],
        readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
        // What the gateway led here before it heard of the end is still handed on.
        lifecycle: { preStop: { sleep: { seconds: 2 } } },
        resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '256Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'config', mountPath: '/config', readOnly: true }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: NAME } }],
  };
}

/** A route that goes before the shop's own, because it asks for more: a client that has not been through the fault. */
export function detour({ namespace }: Pick<Place, 'namespace'>, hostname: string): KubeObject {
  return {
    apiVersion: HTTP_ROUTE.api_version,
    kind: HTTP_ROUTE.kind,
    metadata: { name: NAME, namespace },
    spec: {
      parentRefs: [CONTOUR_GATEWAY],
      hostnames: [hostname],
      rules: [
        {
          matches: [
            {
              path: { type: 'PathPrefix', value: '/' },
              headers: [{ type: 'RegularExpression', name: 'user-agent', value: `[^${PASSED}].*` }],
            },
          ],
          backendRefs: [{ name: NAME, port: 80 }],
        },
      ],
    },
  };
}
