import { stringify } from 'yaml';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { servingObjects } from './serving-objects.ts';

/** Name of everything that refuses writes in the run's namespace. */
export const NAME = 'mettle-read-only';
/** What it calls itself in its answers. */
export const READ_ONLY_RELEASE = 'read-only';
export const INGRESS_ROUTE = { api_version: 'traefik.io/v1alpha1', kind: 'IngressRoute' } as const;

const PORT = 8080;
/** Above any that a rule has by its length. */
const PRIORITY = 10_000;

/** A shop that takes no order, and knows no database: it answers for the one that must not be written to. */
export function responder({
  namespace,
  image,
}: {
  readonly namespace: string;
  readonly image: string;
}): readonly KubeObject[] {
  const document = { release: READ_ONLY_RELEASE, config: { read_only: true } };
  return servingObjects({
    name: NAME,
    namespace,
    port: PORT,
    data: { 'release.yaml': stringify(document) },
    pod: podSpec(image),
  });
}

function podSpec(image: string): object {
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
    volumes: [{ name: 'release', configMap: { name: NAME } }],
  };
}

/** A route that goes before the shop's own, and takes the methods that write. */
export function writesElsewhere({
  namespace,
  host,
  methods,
}: {
  readonly namespace: string;
  readonly host: string;
  readonly methods: readonly string[];
}): KubeObject {
  const writes = methods.map((method) => `Method(\`${method}\`)`).join(' || ');
  return {
    apiVersion: INGRESS_ROUTE.api_version,
    kind: INGRESS_ROUTE.kind,
    metadata: { name: NAME, namespace },
    spec: {
      entryPoints: ['web'],
      routes: [
        {
          kind: 'Rule',
          match: `Host(\`${host}\`) && (${writes})`,
          priority: PRIORITY,
          services: [{ kind: 'Service', name: NAME, port: 80 }],
        },
      ],
    },
  };
}
