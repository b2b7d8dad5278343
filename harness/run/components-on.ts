import { listAt, textAt } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { readManifests } from '#harness/kube/manifests.ts';
import type { Component, ComponentName } from '#harness/stack/component.ts';
import { apiVersionOf } from '#harness/stack/readiness.ts';
import { REGISTRY } from '#harness/stack/registry.ts';

const DEFINITION = { api_version: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;

/** Whether a component that runs nothing is there: its definitions are. */
async function isDefined(
  kube: KubeClient,
  component: Component,
  manifests: Readonly<Record<string, string>>,
): Promise<boolean> {
  const folders = component.definitions.map((name) => manifests[name]);
  const [folder] = folders;
  if (folder === undefined) return false;
  const definition = (await readManifests(folder)).find(({ object }) => object.kind === DEFINITION.kind);
  if (definition === undefined) return false;
  return (await kube.get({ ...DEFINITION, name: definition.object.metadata.name })) !== undefined;
}

async function isThere(
  kube: KubeClient,
  component: Component,
  manifests: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (component.workloads.length === 0) return await isDefined(kube, component, manifests);
  const found = await Promise.all(
    component.workloads.map((one) =>
      kube.get({ ...apiVersionOf(one), namespace: one.namespace, name: one.name }),
    ),
  );
  return found.every((one) => one !== undefined);
}

/** The components that a cluster has now, told by their workloads rather than by anybody's memory of installing them. */
export async function componentsOn(
  kube: KubeClient,
  manifests: Readonly<Record<string, string>>,
): Promise<readonly ComponentName[]> {
  const all = Object.values(REGISTRY);
  const there = await Promise.all(all.map((one) => isThere(kube, one, manifests)));
  return all.filter((_one, index) => there[index]).map(({ name }) => name);
}

/** The version in the tag of an image: `1.44.0` of `flagger:1.44.0-<key>`, and of `flagger:v1.44.0`. */
export function versionOfImage(image: string): string | undefined {
  return /:v?(?<version>\d+\.\d+\.\d+)(?:-[0-9a-f]{16})?$/.exec(image)?.groups?.['version'];
}

/** The versions that components run as, from the images of their workloads on the cluster. */
export async function versionsOn(
  kube: KubeClient,
  components: readonly ComponentName[],
): Promise<Readonly<Record<string, string>>> {
  const found = components.map(async (name) => {
    const [workload] = REGISTRY[name].workloads;
    if (workload === undefined) return [];
    const object = await kube.get({
      ...apiVersionOf(workload),
      namespace: workload.namespace,
      name: workload.name,
    });
    const [container] = listAt(object, 'spec', 'template', 'spec', 'containers');
    const version = versionOfImage(textAt(container, 'image') ?? '');
    return version === undefined ? [] : [[name, version] as const];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}
