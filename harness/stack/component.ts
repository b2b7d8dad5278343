import { join } from 'node:path';
import { NODE_PORTS, type PublishedService } from '#harness/cluster/types.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { type KubeObject, nameOf } from '#harness/core/kubernetes.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { type Manifest, readManifests, type Value } from '#harness/kube/manifests.ts';
import { objectsOf, POD, recordWatches } from '#harness/kube/recording.ts';
import { type CredentialsSpec, credentialsManifest } from './credentials.ts';
import { apiVersionOf, untilReady, type Workload } from './readiness.ts';

/** Names of components, as scenarios and people ask for them. */
export const COMPONENT_NAMES = [
  'traefik',
  'contour',
  'istio',
  'istio-dataplane',
  'flagger',
  'argo-rollouts',
  'flux',
  'git',
  'prometheus',
  'alertmanager',
  'kube-state-metrics',
  'postgres',
  'chat',
  'gate',
  'metrics-proxy',
  'guard',
] as const;

export type ComponentName = (typeof COMPONENT_NAMES)[number];

/** What every part of the stack needs to act. */
export interface StackContext {
  readonly kube: KubeClient;
  /** From the bill of materials: image references by component, as the node knows them. */
  readonly artifacts: {
    readonly images: Readonly<Record<string, string>>;
    readonly manifests?: Readonly<Record<string, string>>;
  };
  /** The components that this cluster has: what is not among them was not installed. */
  readonly components: readonly ComponentName[];
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** How a person reaches a component from this machine. */
export interface Access {
  readonly service: PublishedService;
  /** Of the address: `http` unless said. */
  readonly scheme?: 'http' | 'postgres';
  /** What else there is to know, as one short line: a path, a host header, a user's name. Never a secret. */
  readonly note?: string;
  /** The Secret that holds the credentials, where there are any. */
  readonly secret?: { readonly namespace: string; readonly name: string; readonly key: string };
}

/** One component of the stack. */
export interface Component {
  readonly name: ComponentName;
  /** Components that it cannot work without: they are chosen with it. Nothing waits for them to be ready. */
  readonly needs: readonly ComponentName[];
  /** Images of the bill of materials that it runs. */
  readonly images: readonly string[];
  /** Folders of the bill of materials whose definitions (CRDs) it brings along. */
  readonly definitions: readonly string[];
  /** What it runs; it is ready when all of them are. */
  readonly workloads: readonly Workload[];
  /** How a person reaches it. */
  readonly access: readonly Access[];
  /**
   * What `install` applies: everything but its definitions. A Secret that is made once for a cluster is among it, as the
   * cluster has it or made anew.
   * @param values take the place of its own values of the same names
   */
  manifests(ctx: StackContext, values?: Readonly<Record<string, Value>>): Promise<Manifest[]>;
  /** Applies its manifests; definitions are installed before, by `installStack`. Throws as `KubeClient.apply`. */
  install(ctx: StackContext): Promise<void>;
  /**
   * Waits until it is ready.
   * @throws DeadlineError with what its pods say
   * @throws UnfitError at once when a pod cannot start: its image is missing on the node, or it crashes again and again
   */
  ready(ctx: StackContext, deadline_s: number): Promise<void>;
  /** Records its workloads and pods until the result is closed. */
  observe(ctx: StackContext, recorder: Recorder): Promise<AsyncDisposable>;
  /** What a person needs when it does not work: its objects and the end of its logs, by file name. */
  dump(ctx: StackContext): Promise<Readonly<Record<string, string>>>;
}

const MANIFESTS = join(import.meta.dirname, '../../fixtures/manifests');
/** Log lines of each pod in a dump. */
const DUMP_LINES = 200;

/** Node ports as the manifests name them. */
const PORT_VALUES: Readonly<Record<string, Value>> = Object.fromEntries(
  Object.entries(NODE_PORTS).map(([service, port]) => [`${service}_port`, port]),
);

/** Manifests of one folder under fixtures/manifests, with images, ports and the given values filled in. */
export async function manifestsOf(
  ctx: Pick<StackContext, 'artifacts'>,
  folder: string,
  values: Readonly<Record<string, Value>> = {},
): Promise<Manifest[]> {
  return await readManifests(join(MANIFESTS, folder), {
    images: ctx.artifacts.images,
    values: { ...PORT_VALUES, ...values },
  });
}

async function logEnd(ctx: StackContext, pod: KubeObject): Promise<string> {
  const { name, namespace = 'default' } = pod.metadata;
  try {
    return await ctx.kube.logs(namespace, name, { tail_lines: DUMP_LINES });
  } catch (error) {
    return `the log cannot be read: ${String(error)}`;
  }
}

async function dumpWorkloads(
  ctx: StackContext,
  file: string,
  workloads: readonly Workload[],
): Promise<Readonly<Record<string, string>>> {
  const found = await Promise.all(
    workloads.map(async (workload) => {
      const { namespace, name } = workload;
      const object = await ctx.kube.get({ ...apiVersionOf(workload), namespace, name });
      return { objects: object ? [object] : [], pods: await podsOf(ctx, workload) };
    }),
  );
  const pods = found.flatMap((one) => one.pods);
  const logs = pods.map(async (pod) => [`${pod.metadata.name}.log`, await logEnd(ctx, pod)] as const);
  const objects = [...found.flatMap((one) => one.objects), ...pods];
  return {
    [file]: objects.map((one) => `${nameOf(one)}: ${statusOf(one).message}`).join('\n'),
    ...Object.fromEntries(await Promise.all(logs)),
  };
}

async function podsOf(
  ctx: StackContext,
  { namespace, name, labels }: Workload,
): Promise<readonly KubeObject[]> {
  return await ctx.kube.list({ ...POD, namespace, labels: labels ?? `app=${name}` });
}

type Values = Readonly<Record<string, Value>>;

export interface ComponentOptions {
  readonly name: ComponentName;
  readonly namespace: string;
  /** Values of the manifests; a function where they depend on the cluster. */
  readonly values?: Values | ((ctx: StackContext) => Values);
  readonly needs?: readonly ComponentName[];
  /** The image of its own name when absent. */
  readonly images?: readonly string[];
  readonly definitions?: readonly string[];
  /** One Deployment of its own name when absent; the namespace is the component's when a workload names none. */
  readonly workloads?: readonly (Omit<Workload, 'namespace'> & { readonly namespace?: string })[];
  readonly access?: readonly Access[];
  /** A Secret of its own that is made once for a cluster, before its workloads. */
  readonly credentials?: Omit<CredentialsSpec, 'namespace'>;
}

/** A component that is made of workloads, with the manifests of the folder of its name. */
export function component(options: ComponentOptions): Component {
  const { name, namespace, values = {}, needs = [], definitions = [], access = [], credentials } = options;
  const { images = [name] } = options;
  const workloads = (options.workloads ?? [{ name }]).map((one): Workload => ({ namespace, ...one }));
  const manifests: Component['manifests'] = async (ctx, others) => {
    // Definitions alone are installed before, for all components at once.
    if (workloads.length === 0) return [];
    const own = typeof values === 'function' ? values(ctx) : values;
    const read = await manifestsOf(ctx, name, { ...own, ...others });
    if (credentials === undefined) return read;
    return [...read, await credentialsManifest(ctx.kube, { namespace, ...credentials })];
  };
  return {
    name,
    needs,
    images,
    definitions,
    workloads,
    access,
    manifests,
    async install(ctx) {
      const made = await manifests(ctx);
      if (made.length > 0) await ctx.kube.apply(made);
    },
    async ready(ctx, deadline_s) {
      await Promise.all(workloads.map((workload) => untilReady(ctx, workload, deadline_s)));
    },
    async observe(ctx, recorder) {
      const recorded = workloads.flatMap((workload) => [
        objectsOf({ ...apiVersionOf(workload), namespace: workload.namespace, name: workload.name }),
        objectsOf({
          ...POD,
          namespace: workload.namespace,
          labels: workload.labels ?? `app=${workload.name}`,
        }),
      ]);
      return await recordWatches(ctx.kube, `stack/${name}`, recorded, recorder);
    },
    dump: (ctx) => dumpWorkloads(ctx, `${name}.txt`, workloads),
  };
}
