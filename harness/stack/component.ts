import { join } from 'node:path';
import { NODE_PORTS } from '#harness/cluster/types.ts';
import { DeadlineError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { type KubeObject, nameOf } from '#harness/core/kubernetes.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { type Manifest, readManifests, type Value } from '#harness/kube/manifests.ts';
import { DEPLOYMENT, objectsOf, POD, type Recorded, recordWatches } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';

/** What every part of the stack needs to act. */
export interface StackContext {
  readonly kube: KubeClient;
  /** From the bill of materials: image references by component, as the node knows them. */
  readonly artifacts: {
    readonly images: Readonly<Record<string, string>>;
    readonly manifests?: Readonly<Record<string, string>>;
  };
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Names of components, as scenarios and people ask for them. */
export type ComponentName =
  | 'traefik'
  | 'contour'
  | 'istio'
  | 'flagger'
  | 'argo-rollouts'
  | 'flux'
  | 'git'
  | 'prometheus'
  | 'alertmanager'
  | 'kube-state-metrics'
  | 'postgres'
  | 'chat';

/** One component of the stack. */
export interface Component {
  readonly name: ComponentName;
  /** Components that it cannot work without. */
  readonly needs: readonly ComponentName[];
  /** Images of the bill of materials that it runs. */
  readonly images: readonly string[];
  /** Folders of the bill of materials whose definitions (CRDs) it brings along. */
  readonly definitions: readonly string[];
  /** Its Deployments; it is ready when they are. */
  readonly workloads: readonly { readonly namespace: string; readonly name: string }[];
  /** Applies its manifests; definitions are installed before, by `installStack`. Throws as `KubeClient.apply`. */
  install(ctx: StackContext): Promise<void>;
  /** Waits until it is ready. Throws DeadlineError with what its pods say. */
  ready(ctx: StackContext, deadline_s: number): Promise<void>;
  /** Records its Deployments and pods until the result is closed. */
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
  ctx: StackContext,
  folder: string,
  values: Readonly<Record<string, Value>> = {},
): Promise<Manifest[]> {
  return await readManifests(join(MANIFESTS, folder), {
    images: ctx.artifacts.images,
    values: { ...PORT_VALUES, ...values },
  });
}

/** The pods of a namespace, each with where it stands. */
export async function podStandings(kube: KubeClient, namespace: string): Promise<string> {
  const pods = await kube.list({ ...POD, namespace });
  if (pods.length === 0) return 'no pods';
  return pods.map((pod) => `${pod.metadata.name}: ${statusOf(pod).message}`).join('; ');
}

async function logEnd(ctx: StackContext, pod: KubeObject): Promise<string> {
  const { name, namespace = 'default' } = pod.metadata;
  try {
    return await ctx.kube.logs(namespace, name, { tail_lines: DUMP_LINES });
  } catch (error) {
    return `the log cannot be read: ${String(error)}`;
  }
}

interface ComponentOptions {
  readonly name: ComponentName;
  readonly namespace: string;
  readonly values?: Readonly<Record<string, Value>>;
  readonly needs?: readonly ComponentName[];
  /** The image of its own name when absent. */
  readonly images?: readonly string[];
  readonly definitions?: readonly string[];
}

/** A component that is one Deployment of its own name with the manifests of the folder of that name. */
export function component(options: ComponentOptions): Component {
  const { name, namespace, values = {}, needs = [], images = [name], definitions = [] } = options;
  const labels = `app=${name}`;
  return {
    name,
    needs,
    images,
    definitions,
    workloads: [{ namespace, name }],
    async install(ctx) {
      await ctx.kube.apply(await manifestsOf(ctx, name, values));
    },
    async ready(ctx, deadline_s) {
      const { kube, progress, signal } = ctx;
      const condition = isCurrent({ ...DEPLOYMENT, namespace, name });
      try {
        await kube.waitFor(condition, { deadline_s, progress, ...(signal ? { signal } : {}) });
      } catch (error) {
        if (!(error instanceof DeadlineError)) throw error;
        const pods = await podStandings(kube, namespace).catch(() => 'pods unknown');
        throw new DeadlineError(condition.awaited, deadline_s, pods, { cause: error });
      }
    },
    async observe(ctx, recorder) {
      const recorded: Recorded[] = [
        objectsOf({ ...DEPLOYMENT, namespace, name }),
        objectsOf({ ...POD, namespace, labels }),
      ];
      return await recordWatches(ctx.kube, `stack/${name}`, recorded, recorder);
    },
    async dump(ctx) {
      const pods = await ctx.kube.list({ ...POD, namespace, labels });
      const logs = pods.map(async (pod) => [`${pod.metadata.name}.log`, await logEnd(ctx, pod)] as const);
      const deployment = await ctx.kube.get({ ...DEPLOYMENT, namespace, name });
      const objects = [...(deployment ? [deployment] : []), ...pods];
      return {
        [`${name}.txt`]: objects.map((one) => `${nameOf(one)}: ${statusOf(one).message}`).join('\n'),
        ...Object.fromEntries(await Promise.all(logs)),
      };
    },
  };
}
