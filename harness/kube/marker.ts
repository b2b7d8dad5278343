import { textAt } from '#harness/core/kubernetes.ts';
import { ApiError, type KubeApi, type KubeTarget, openApi } from './api.ts';

/** Where the mark stands by which a cluster is known as Mettle's own. */
const NAMESPACE = 'mettle-system';
const NAME = 'mettle-marker';

/** `made` by Mettle, or `adopted` from whoever made it. */
export type MarkerKind = 'made' | 'adopted';

/** What a cluster says of itself. */
export interface ClusterIdentity {
  /** UID of the namespace kube-system. */
  readonly uid: string;
  /** The marker's content, or undefined where there is no marker. */
  readonly marker:
    | Readonly<{ id: string; cluster: string; cluster_uid: string; kind: MarkerKind }>
    | undefined;
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
      kind: textAt(marker, 'data', 'kind') === 'adopted' ? ('adopted' as const) : ('made' as const),
    };
    return { uid, marker: data };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { uid, marker: undefined };
    throw error;
  }
}

const LABELS = { 'app.kubernetes.io/managed-by': 'mettle' };

/** Makes the marker's namespace, unless it is there: on an adopted cluster something of Mettle's may be left. */
async function ensureNamespace(api: KubeApi): Promise<void> {
  try {
    await api.json({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: LABELS } },
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
  }
}

/**
 * Writes the marker into a cluster that was made a moment ago or is being adopted, and returns its kube-system UID. Never
 * overwrites one.
 * @throws ApiError when there is a marker already
 */
export async function writeMarker(
  target: UnguardedTarget,
  id: string,
  kind: MarkerKind = 'made',
): Promise<string> {
  await using api = openApi(target);
  const system = await api.object({ path: '/api/v1/namespaces/kube-system' });
  const cluster_uid = system.metadata.uid ?? '';
  await ensureNamespace(api);
  await api.json({
    method: 'POST',
    path: `/api/v1/namespaces/${NAMESPACE}/configmaps`,
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, labels: LABELS },
      immutable: true,
      data: { id, cluster: target.name, cluster_uid, kind },
    },
  });
  return cluster_uid;
}

/** Takes the marker with this id away; false when the cluster does not carry it. */
export async function removeMarker(target: UnguardedTarget, id: string): Promise<boolean> {
  const { marker } = await readIdentity(target);
  if (marker?.id !== id) return false;
  await using api = openApi(target);
  await api.json({ method: 'DELETE', path: `/api/v1/namespaces/${NAMESPACE}/configmaps/${NAME}` });
  return true;
}
