import { stringify } from 'yaml';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { servingObjects } from './serving-objects.ts';

/** Who answers in the shop's place. */
export interface Responder {
  /** Of everything that it consists of in the run's namespace. */
  readonly name: string;
  /** What it calls itself in its answers. */
  readonly release: string;
  /** What it is told of the shop that it is. */
  readonly config: Readonly<Record<string, unknown>>;
}

export const INGRESS_ROUTE = { api_version: 'traefik.io/v1alpha1', kind: 'IngressRoute' } as const;

const PORT = 8080;
/** Above any that a rule has by its length. */
const PRIORITY = 10_000;

/** A shop that knows no database, and answers for the one that must not be asked. */
export function responderObjects(
  { name, release, config }: Responder,
  { namespace, image }: { readonly namespace: string; readonly image: string },
): readonly KubeObject[] {
  return servingObjects({
    name,
    namespace,
    port: PORT,
    data: { 'release.yaml': stringify({ release, config }) },
    pod: podSpec(name, image),
  });
}

function podSpec(name: string, image: string): object {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 10,
    tolerations: [{ key: 'mettle.dev/worker', operator: 'Exists' }],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'shop',
        image,
        imagePullPolicy: 'IfNotPresent',
        env: [
          { name: 'RELEASE_FILE', value: '/etc/shop/release.yaml' },
          { name: 'DRAIN_S', value: '3' },
        ],
        ports: [{ name: 'http', containerPort: PORT }],
        readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1 },
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '192Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'release', mountPath: '/etc/shop', readOnly: true }],
      },
    ],
    volumes: [{ name: 'release', configMap: { name } }],
  };
}

/**
 * A route that goes before the shop's own.
 * @param methods that it takes; all when empty
 */
export function routeElsewhere(
  { name }: Responder,
  {
    namespace,
    host,
    methods,
  }: { readonly namespace: string; readonly host: string; readonly methods: readonly string[] },
): KubeObject {
  const of = methods.map((method) => `Method(\`${method}\`)`).join(' || ');
  return {
    apiVersion: INGRESS_ROUTE.api_version,
    kind: INGRESS_ROUTE.kind,
    metadata: { name, namespace },
    spec: {
      entryPoints: ['web'],
      routes: [
        {
          kind: 'Rule',
          match: `Host(\`${host}\`)${of === '' ? '' : ` && (${of})`}`,
          priority: PRIORITY,
          services: [{ kind: 'Service', name, port: 80 }],
        },
      ],
    },
  };
}
