import type { KubeObject } from '#harness/core/kubernetes.ts';

/** A program that a fault puts beside the shop. */
export interface Serving {
  /** Of all that it consists of. */
  readonly name: string;
  readonly namespace: string;
  /** That it listens on; its Service has port 80. */
  readonly port: number;
  /** Its configuration, by the name of the file. */
  readonly data: Readonly<Record<string, string>>;
  readonly pod: object;
}

/** Its configuration, its Service and its Deployment. */
export function servingObjects({ name, namespace, port, data, pod }: Serving): readonly KubeObject[] {
  const metadata = { name, namespace };
  const labels = { app: name };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: port }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
  ];
}
