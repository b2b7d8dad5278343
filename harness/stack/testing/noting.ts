import type { KubeObject } from '#harness/core/kubernetes.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { StackContext } from '../component.ts';

/** A context whose cluster holds the given objects and only notes what is applied. */
export function notingContext(
  images: readonly string[],
  there: readonly KubeObject[] = [],
): { readonly ctx: StackContext; readonly applied: KubeObject[] } {
  const applied: KubeObject[] = [];
  const kube = partialClient({
    apply: async (manifests) => {
      applied.push(...manifests.map(({ object }) => object));
      return [];
    },
    get: async ({ kind, namespace, name }) =>
      there.find(
        (one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === name,
      ),
  });
  const references = Object.fromEntries(images.map((name) => [name, `localhost/mettle/${name}:1`]));
  const ctx = { kube, artifacts: { images: references }, components: [], progress: () => undefined };
  return { ctx, applied };
}
