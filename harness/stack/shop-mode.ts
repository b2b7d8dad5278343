/** The shop's read-only mode: the flag that its pods look at, and what they say of it. */
import { at, type KubeObject, listAt } from '#harness/core/kubernetes.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import { made, SHOP } from './shop-manifests.ts';

const FLAG = 'shop-mode';
const FOLDER = '/etc/shop-mode';
const FILE = 'mode.yaml';
const PORT = 8080;
/** A pod that is written to is looked at by the kubelet at once, which then hands changed maps on; else it takes a minute. */
const POKED = 'mettle.dev/poked';

/** The specification of a Deployment whose pods look at the flag; a flag that is not there says nothing. */
export function withModeFlag(spec: object): object {
  const template = Object(at(spec, 'template'));
  const pod = Object(at(template, 'spec'));
  const containers = listAt(pod, 'containers').map((container) => ({
    ...Object(container),
    env: [...listAt(container, 'env'), { name: 'MODE_FILE', value: `${FOLDER}/${FILE}` }],
    volumeMounts: [...listAt(container, 'volumeMounts'), { name: 'mode', mountPath: FOLDER }],
  }));
  const volumes = [...listAt(pod, 'volumes'), { name: 'mode', configMap: { name: FLAG, optional: true } }];
  return { ...spec, template: { ...template, spec: { ...pod, containers, volumes } } };
}

async function shopPods(kube: KubeClient, namespace: string): Promise<readonly KubeObject[]> {
  return await kube.list({ ...POD, namespace, labels: `app=${SHOP}` });
}

/** Sets the flag, which carries its own end. */
export async function setReadOnly(kube: KubeClient, namespace: string, until: EpochMs): Promise<void> {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: FLAG, namespace },
    data: { [FILE]: `read_only_until: ${new Date(until).toISOString()}\n` },
  };
  await kube.apply([made(object)]);
}

/** Lets the kubelets hand on now what was changed. */
export async function pokeShop(kube: KubeClient, namespace: string): Promise<void> {
  const annotations = { [POKED]: new Date().toISOString() };
  for (const { metadata } of await shopPods(kube, namespace)) {
    await kube.patch({ ...POD, namespace, name: metadata.name }, { metadata: { annotations } });
  }
}

/** What the pods of the shop say of themselves. */
export interface ShopModes {
  readonly pods: number;
  readonly read_only: number;
  /** Writes under way. */
  readonly writing: number;
}

/** Asks every pod of the shop. @throws ApiError when one does not answer */
export async function shopModes(kube: KubeClient, namespace: string): Promise<ShopModes> {
  const pods = await shopPods(kube, namespace);
  const modes = await Promise.all(
    pods.map(
      async ({ metadata: { name: pod } }): Promise<unknown> =>
        JSON.parse(await kube.proxyGet({ namespace, pod, port: PORT }, '/mode')),
    ),
  );
  return {
    pods: pods.length,
    read_only: modes.filter((mode) => at(mode, 'read_only') === true).length,
    writing: modes.reduce<number>((sum, mode) => sum + Number(at(mode, 'writing')), 0),
  };
}
