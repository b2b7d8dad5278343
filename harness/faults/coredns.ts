import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError } from '#harness/core/errors.ts';
import { at, type KubeObject, nameOf } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import type { FaultContext } from './fault.ts';
import { containersOf, nodeOfPod, pidsOf, signalOn, tryOnNode } from './node.ts';

const NAMESPACE = 'kube-system';

export const COREDNS_MAP = {
  api_version: 'v1',
  kind: 'ConfigMap',
  namespace: NAMESPACE,
  name: 'coredns',
} as const;

const PODS = { ...POD, namespace: NAMESPACE, labels: 'k8s-app=kube-dns' } as const;
/** Says which fault a name server was told of; a change of it also makes the kubelet hand changed maps on at once. */
const MARK = 'mettle.dev/fault';
/** The kubelet takes a second. */
const HANDED_ON_S = 15;
const PAUSE_MS = 100;

/** The name servers that run. */
async function serversOf({ kube }: FaultContext): Promise<readonly KubeObject[]> {
  return (await kube.list(PODS)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function mark({ kube }: FaultContext, pod: KubeObject, value: string | null): Promise<void> {
  const { name } = pod.metadata;
  await kube.patch({ ...POD, namespace: NAMESPACE, name }, { metadata: { annotations: { [MARK]: value } } });
}

/** Waits until the file of one server is as wanted, which no watch tells, and makes the server read it anew. */
async function reload(
  ctx: FaultContext,
  pod: KubeObject,
  wanted: (corefile: string) => boolean,
): Promise<void> {
  const node = await nodeOfPod(ctx, pod);
  const container = containersOf(pod).get('coredns');
  const [pid] = container === undefined ? [] : await pidsOf(node, container);
  // One that starts now reads what is right.
  if (pid === undefined) return;
  const deadline = performance.now() + HANDED_ON_S * 1000;
  for (;;) {
    const { stdout } = await tryOnNode(node, ['cat', `/proc/${pid}/root/etc/coredns/Corefile`]);
    if (stdout !== '' && wanted(stdout)) break;
    if (performance.now() > deadline) {
      throw new DeadlineError(`${nameOf(pod)} to be given its configuration`, HANDED_ON_S, 'the former one');
    }
    await delay(PAUSE_MS);
  }
  await signalOn(node, 'USR1', [pid]);
}

/**
 * Makes every name server read its configuration anew once it says a line, without a lost question. By themselves they
 * would take up to two minutes: the kubelet is slow to hand a changed map on, and they look twice a minute.
 */
export async function tellServers(ctx: FaultContext, id: string, line: string): Promise<void> {
  await Promise.all(
    (await serversOf(ctx)).map(async (pod) => {
      await mark(ctx, pod, id);
      await reload(ctx, pod, (corefile) => corefile.includes(line));
    }),
  );
}

/** Makes the servers that were told of a line read their configuration without it. */
export async function untellServers(ctx: FaultContext, id: string, line: string): Promise<void> {
  const told = (await serversOf(ctx)).filter((pod) => {
    const value = at(pod, 'metadata', 'annotations', MARK);
    return value === id || value === `${id}-healing`;
  });
  await Promise.all(
    told.map(async (pod) => {
      await mark(ctx, pod, `${id}-healing`);
      await reload(ctx, pod, (corefile) => !corefile.includes(line));
      await mark(ctx, pod, null);
    }),
  );
}
