import { numberAt, type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { ApiError, type KubeApi, type KubeTarget, openApi, type ResourceKind } from './api.ts';
import { type ApplyOptions, applyManifests, FIELD_MANAGER } from './apply.ts';
import { execIn, type PodCommand, type PodCommandResult } from './exec.ts';
import type { Manifest } from './manifests.ts';
import { type Condition, isCurrent, isGone, type ObjectRef, type WaitOptions, waitFor } from './wait.ts';
import { listObjects, type Selection, type Watching, watchObjects, type WatchHandlers } from './watch.ts';

export interface LogOptions {
  readonly container?: string;
  /** Only lines written since then. */
  readonly since?: Date;
  readonly limit_bytes?: number;
  readonly tail_lines?: number;
  /** The log of the container before its last restart. */
  readonly previous?: boolean;
}

/** A port of a pod, asked through the API server: such a port need not be published anywhere. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** A port of a Service, asked through the API server, which chooses a ready pod. */
export interface ServicePort {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

/** A request that changes something. */
export interface ProxyRequest {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A kind that the cluster can list. */
export interface ListableKind {
  readonly api_version: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Everything Mettle asks of a cluster's API server. Requests throw ApiError, or UnfitError when nothing answers. */
export interface KubeClient extends AsyncDisposable {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Server-side apply; see `applyManifests`. */
  apply(manifests: readonly Manifest[], options?: ApplyOptions): Promise<KubeObject[]>;
  /** The object, or undefined when there is none (or its kind is unknown). */
  get(ref: ObjectRef): Promise<KubeObject | undefined>;
  list(selection: Selection): Promise<readonly KubeObject[]>;
  watch(selection: Selection, handlers: WatchHandlers): Watching;
  /** Waits by watching. Throws DeadlineError. */
  waitFor<T>(condition: Condition<T>, options: WaitOptions): Promise<T>;
  /** JSON merge patch (RFC 7386). */
  patch(ref: ObjectRef, change: object): Promise<KubeObject>;
  /** JSON merge patch of an object's status alone, as a controller or its command-line tool writes it. */
  patchStatus(ref: ObjectRef, change: object): Promise<KubeObject>;
  /** Sets the replicas of a workload and waits until it has them. */
  scale(ref: ObjectRef, replicas: number, options: WaitOptions): Promise<void>;
  /** Asks for the deletion of an object and does not wait; false when there is none. */
  beginRemoval(ref: ObjectRef, grace_s?: number): Promise<boolean>;
  /** Deletes an object if it is there and waits until it is gone; a namespace takes all it holds with it. */
  remove(ref: ObjectRef, options: WaitOptions & { readonly grace_s?: number }): Promise<void>;
  /** The log of one container of a pod. */
  logs(namespace: string, pod: string, options?: LogOptions): Promise<string>;
  /**
   * The answer of a pod to `GET path?query` over HTTP. Throws ApiError with the pod's own status, or 503 when the pod
   * cannot be reached.
   */
  proxyGet(
    port: PodPort | ServicePort,
    path: string,
    query?: Readonly<Record<string, string>>,
  ): Promise<string>;
  /** The answer to any other request with a JSON body; otherwise as `proxyGet`. */
  proxySend(port: PodPort | ServicePort, request: ProxyRequest): Promise<string>;
  /** Runs a program in a container of a pod; see `execIn`. */
  exec(command: PodCommand): Promise<PodCommandResult>;
  /**
   * Asks for the eviction of a pod (policy/v1), which disruption budgets may refuse: ApiError with status 429. False
   * when there is no such pod.
   */
  evict(pod: { readonly namespace: string; readonly name: string }, grace_s?: number): Promise<boolean>;
  /** All kinds that can be listed, in the version that their group prefers, or the first that has them. */
  kinds(): Promise<readonly ListableKind[]>;
}

async function pathOf(api: KubeApi, ref: ObjectRef): Promise<string> {
  const kind: ResourceKind = await api.kind(ref.api_version, ref.kind);
  return kind.path(ref.namespace, ref.name);
}

async function unlessAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function whole(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(Math.floor(value));
}

async function readLogs(api: KubeApi, namespace: string, pod: string, options: LogOptions): Promise<string> {
  const pods = await api.kind('v1', 'Pod');
  return await api.text({
    path: `${pods.path(namespace, pod)}/log`,
    query: {
      container: options.container,
      sinceTime: options.since?.toISOString(),
      limitBytes: whole(options.limit_bytes),
      tailLines: whole(options.tail_lines),
      previous: options.previous === true ? 'true' : undefined,
      timestamps: 'true',
    },
  });
}

async function listKinds(api: KubeApi): Promise<readonly ListableKind[]> {
  const groups = listAt(await api.json({ path: '/apis' }), 'groups');
  // A kind may be served in a version that its group does not prefer, and in no other (the Alert of Flux).
  const versions = groups.flatMap((group) => [
    ...new Set([
      textAt(group, 'preferredVersion', 'groupVersion'),
      ...listAt(group, 'versions').map((version) => textAt(version, 'groupVersion')),
    ]),
  ]);
  const lists = await Promise.all(
    ['v1', ...versions.filter((version) => version !== undefined)].map(async (api_version) => {
      const path = api_version === 'v1' ? '/api/v1' : `/apis/${api_version}`;
      return { api_version, resources: listAt(await api.json({ path }), 'resources') };
    }),
  );
  const kinds = lists.flatMap(({ api_version, resources }) =>
    resources.flatMap((resource): ListableKind[] => {
      const kind = textAt(resource, 'kind');
      const listable = listAt(resource, 'verbs').includes('list');
      if (kind === undefined || !listable || textAt(resource, 'name')?.includes('/')) return [];
      return [{ api_version, kind, namespaced: Reflect.get(Object(resource), 'namespaced') === true }];
    }),
  );
  const groupOf = ({ api_version }: ListableKind): string => api_version.split('/').slice(0, -1).join('/');
  const first = new Map<string, ListableKind>();
  for (const one of kinds) {
    const key = `${groupOf(one)} ${one.kind}`;
    if (!first.has(key)) first.set(key, one);
  }
  return [...first.values()];
}

async function proxyOf(api: KubeApi, to: PodPort | ServicePort): Promise<string> {
  const [kind, name] = 'pod' in to ? ['Pod', to.pod] : ['Service', to.service];
  return `${(await api.kind('v1', kind)).path(to.namespace)}/${name}:${to.port}/proxy`;
}

/**
 * A client of one cluster, from the kubeconfig of that cluster alone: the person's own kubeconfig and its current
 * context are never read.
 * @throws RefusedError when the kubeconfig names another API server than the cluster's
 */
export function kubeClient(cluster: KubeTarget): KubeClient {
  const api = openApi(cluster);
  return {
    cluster: cluster.name,
    apply: (manifests, options) => applyManifests(api, manifests, options),
    async get(ref) {
      const read = async (): Promise<KubeObject> => await api.object({ path: await pathOf(api, ref) });
      return await unlessAbsent(read());
    },
    list: async (selection) => (await listObjects(api, selection)).objects,
    watch: (selection, handlers) => watchObjects(api, selection, handlers),
    waitFor: (condition, options) => waitFor(api, condition, options),
    async patch(ref, change) {
      return await api.object({
        method: 'PATCH',
        path: await pathOf(api, ref),
        query: { fieldManager: FIELD_MANAGER },
        content_type: 'application/merge-patch+json',
        body: change,
      });
    },
    async patchStatus(ref, change) {
      return await api.object({
        method: 'PATCH',
        path: `${await pathOf(api, ref)}/status`,
        query: { fieldManager: FIELD_MANAGER },
        content_type: 'application/merge-patch+json',
        body: change,
      });
    },
    async scale(ref, replicas, options) {
      await api.json({
        method: 'PATCH',
        path: `${await pathOf(api, ref)}/scale`,
        query: { fieldManager: FIELD_MANAGER },
        content_type: 'application/merge-patch+json',
        body: { spec: { replicas } },
      });
      const current = isCurrent(ref);
      const condition: Condition<KubeObject> = {
        awaited: `${current.awaited} with ${replicas} replicas`,
        of: current.of,
        test(objects) {
          const asked = numberAt(objects[0], 'spec', 'replicas');
          if (asked !== replicas) return { met: false, seen: `${asked ?? 'no'} replicas asked for` };
          return current.test(objects);
        },
      };
      await waitFor(api, condition, options);
    },
    async beginRemoval(ref, grace_s) {
      const request = async (): Promise<unknown> =>
        await api.json({
          method: 'DELETE',
          path: await pathOf(api, ref),
          body: {
            propagationPolicy: 'Background',
            ...(grace_s === undefined ? {} : { gracePeriodSeconds: grace_s }),
          },
        });
      return (await unlessAbsent(request())) !== undefined;
    },
    async remove(ref, { grace_s, ...options }) {
      if (await this.beginRemoval(ref, grace_s)) await waitFor(api, isGone(ref), options);
    },
    logs: (namespace, pod, options = {}) => readLogs(api, namespace, pod, options),
    async proxyGet(port, path, query = {}) {
      return await api.text({ path: `${await proxyOf(api, port)}${path}`, query });
    },
    async proxySend(port, { path, ...request }) {
      return await api.text({ ...request, path: `${await proxyOf(api, port)}${path}` });
    },
    exec: (command) => execIn(api, command),
    async evict({ namespace, name }, grace_s) {
      const pods = await api.kind('v1', 'Pod');
      const request = api.text({
        method: 'POST',
        path: `${pods.path(namespace, name)}/eviction`,
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { namespace, name },
          ...(grace_s === undefined ? {} : { deleteOptions: { gracePeriodSeconds: grace_s } }),
        },
      });
      return (await unlessAbsent(request)) !== undefined;
    },
    kinds: () => listKinds(api),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
