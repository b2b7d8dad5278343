/** Objects of the shop under other names: what runs its image beside it. */
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Manifest } from '#harness/kube/manifests.ts';
import { made } from './shop-manifests.ts';

function record(value: unknown): Record<string, unknown> {
  return { ...Object(value) };
}

/** The shop's Deployment under another name, with the label `app` of that name. */
export function underName({ object, position }: Manifest, name: string): Manifest {
  if (object.kind !== 'Deployment') return { object, position };
  const spec = record(object['spec']);
  const template = record(spec['template']);
  const metadata = record(template['metadata']);
  const labels = { ...record(metadata['labels']), app: name };
  const changed: KubeObject = {
    ...object,
    metadata: { ...object.metadata, name },
    spec: {
      ...spec,
      selector: { matchLabels: { app: name } },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  };
  return { object: changed, position };
}

/** A Service over the pods that a selector means. */
export function serviceOver(
  name: string,
  namespace: string,
  selector: Readonly<Record<string, string>>,
): Manifest {
  return made({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
}
