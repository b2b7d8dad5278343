import { UnfitError } from '#harness/core/errors.ts';
import { nameOf, textAt } from '#harness/core/kubernetes.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import type { LiveReader, Split, Weights } from './adapter.ts';

/** Where the live configuration of a data plane is read: a port of each of its pods, through the API server. */
export interface LiveSource {
  readonly namespace: string;
  /** Label selector of the pods. */
  readonly labels: string;
  readonly port: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** What the answer, parsed, says of a split. Throws on an answer that is not understood. */
  readonly weights: (split: Split, answer: unknown) => Weights;
}

/** For how long a list of pods is used before it is asked for again, in ms. */
const PODS_FRESH_MS = 3_000;

/** A reader of every running pod of a data plane. The pods are listed again from time to time, and after a failure. */
export function podReader(kube: Pick<KubeClient, 'list' | 'proxyGet'>, source: LiveSource): LiveReader {
  const { namespace, labels, port, path, query = {}, weights } = source;
  let known: { readonly pods: readonly string[]; readonly at: number } | undefined;

  async function pods(): Promise<readonly string[]> {
    if (known && Date.now() - known.at < PODS_FRESH_MS) return known.pods;
    const listed = await kube.list({ ...POD, namespace, labels });
    const running = listed.filter(
      (pod) => textAt(pod, 'status', 'phase') === 'Running' && pod.metadata.deletionTimestamp === undefined,
    );
    if (running.length === 0) throw new UnfitError(`no pod with ${labels} runs in ${namespace}`);
    known = { pods: running.map((pod) => pod.metadata.name), at: Date.now() };
    return known.pods;
  }

  return {
    async read(split) {
      try {
        const readings = (await pods()).map(async (pod) => {
          const answer: unknown = JSON.parse(await kube.proxyGet({ namespace, pod, port }, path, query));
          const subject = nameOf({ kind: 'Pod', metadata: { namespace, name: pod } });
          return { subject, weights: weights(split, answer) };
        });
        return await Promise.all(readings);
      } catch (error) {
        known = undefined;
        throw error;
      }
    },
  };
}
