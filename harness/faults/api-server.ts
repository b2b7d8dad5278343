import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { type KubeObject, nameOf } from '#harness/core/kubernetes.ts';
import { POD } from '#harness/kube/recording.ts';
import type { FaultContext } from './fault.ts';
import { nodeOfPod, pidsNamed, processesOn } from './node.ts';

/** The process of the API server, told from the one that a restart makes. */
export const ApiServer = v.object({
  pod: v.string(),
  node: v.string(),
  pid: v.number(),
  started: v.string(),
});
export type ApiServer = v.InferOutput<typeof ApiServer>;

const LABELS = 'component=kube-apiserver';
const NAME = 'kube-apiserver';

/** Where kubeadm puts what the API server is asked with; its user may read everything. */
const PKI = '/etc/kubernetes/pki';
/** The user of that certificate, in a group that kubeadm gives every right since 1.29. */
export const NODE_CLIENT = 'kube-apiserver-kubelet-client';
/** Command that asks the node's API server as that user; what it is asked follows. */
export const CURL: readonly string[] =
  `curl --silent --output /dev/null --cacert ${PKI}/ca.crt --cert ${PKI}/apiserver-kubelet-client.crt --key ${PKI}/apiserver-kubelet-client.key`.split(
    ' ',
  );
/** Where the API server listens inside its node. */
export const INSIDE = 'https://127.0.0.1:6443';

async function podOf({ kube }: FaultContext): Promise<KubeObject> {
  const [pod, ...others] = await kube.list({ ...POD, namespace: 'kube-system', labels: LABELS });
  if (pod === undefined) throw new UsageError('no pod of the API server is to be seen');
  if (others.length > 0) throw new UsageError('there are several API servers: one alone would not be missed');
  return pod;
}

/** @throws UsageError where the API server is not one pod on a node that Docker runs here */
export async function findApiServer(ctx: FaultContext): Promise<ApiServer> {
  const pod = await podOf(ctx);
  const node = await nodeOfPod(ctx, pod);
  // The pod names the process of before for some time after a restart.
  const [process] = await processesOn(node, await pidsNamed(node, NAME));
  if (process === undefined) throw new UsageError(`${nameOf(pod)} does not run`);
  return { pod: nameOf(pod), node, pid: process.pid, started: process.started };
}

/** Whether that very process is still there. */
export async function stillRuns({ node, pid, started }: ApiServer): Promise<boolean> {
  const [process] = await processesOn(node, [pid]);
  return process?.started === started;
}
