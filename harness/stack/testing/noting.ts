import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import type { StackContext } from '../component.ts';

const absent = (): never => {
  throw new Error('not part of this test');
};

/** A context whose cluster holds the given objects and only notes what is applied. */
export function notingContext(
  images: readonly string[],
  there: readonly KubeObject[] = [],
): { readonly ctx: StackContext; readonly applied: KubeObject[] } {
  const applied: KubeObject[] = [];
  const kube: KubeClient = {
    cluster: 'none',
    apply: async (manifests) => {
      applied.push(...manifests.map(({ object }) => object));
      return [];
    },
    get: async ({ kind, namespace, name }) =>
      there.find(
        (one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === name,
      ),
    list: absent,
    watch: absent,
    waitFor: absent,
    patch: absent,
    patchStatus: absent,
    scale: absent,
    beginRemoval: absent,
    remove: absent,
    logs: absent,
    proxyGet: absent,
    proxySend: absent,
    kinds: absent,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const references = Object.fromEntries(images.map((name) => [name, `localhost/mettle/${name}:1`]));
  const ctx = { kube, artifacts: { images: references }, components: [], progress: () => undefined };
  return { ctx, applied };
}
