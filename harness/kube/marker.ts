import { textAt } from '#harness/core/kubernetes.ts';
import { ApiError, type KubeTarget, openApi } from './api.ts';

/** Where the mark stands by which a cluster is known as Mettle's own. */
const NAMESPACE = 'mettle-system';
const NAME = 'mettle-marker';

/** What a cluster says of itself. */
export interface ClusterIdentity {
  /** UID of the namespace kube-system. */
  readonly uid: string;
  /** The marker's content, or undefined where there is no marker. */
  readonly marker: Readonly<{ id: string; cluster: string; cluster_uid: string }> | undefined;
}

/** Where to find the cluster; not guarded yet, because this is what the guard asks. */
export type UnguardedTarget = Omit<KubeTarget, 'guarded'>;

/**
 * Reads a cluster's identity.
 * @throws RefusedError when the kubeconfig names another API server
 * @throws UnfitError, ApiError when the API server does not answer
 */
export async function readIdentity(target: UnguardedTarget): Promise<ClusterIdentity> {
  await using api = openApi(target);
  const system = await api.object({ path: '/api/v1/namespaces/kube-system' });
  const uid = system.metadata.uid ?? '';
  try {
    const marker = await api.object({ path: `/api/v1/namespaces/${NAMESPACE}/configmaps/${NAME}` });
    const data = {
      id: textAt(marker, 'data', 'id') ?? '',
      cluster: textAt(marker, 'data', 'cluster') ?? '',
      cluster_uid: textAt(marker, 'data', 'cluster_uid') ?? '',
    };
    return { uid, marker: data };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { uid, marker: undefined };
    throw error;
  }
}

/**
 * Writes the marker into a cluster that was made a moment ago, and returns its kube-system UID. Never overwrites one.
 * @throws ApiError when there is a marker already
 */
export async function writeMarker(target: UnguardedTarget, id: string): Promise<string> {
  await using api = openApi(target);
  const system = await api.object({ path: '/api/v1/namespaces/kube-system' });
  const cluster_uid = system.metadata.uid ?? '';
  const labels = { 'app.kubernetes.io/managed-by': 'mettle' };
  await api.json({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } },
  });
  await api.json({
    method: 'POST',
    path: `/api/v1/namespaces/${NAMESPACE}/configmaps`,
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, labels },
      immutable: true,
      data: { id, cluster: target.name, cluster_uid },
    },
  });
  return cluster_uid;
}
