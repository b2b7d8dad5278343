import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { nodeOf } from '#harness/cluster/node-images.ts';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { messageOf } from '#harness/core/errors.ts';
import { type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { redact } from '#harness/core/redact.ts';
import { type KubeClient, kubeClient, type ListableKind } from '#harness/kube/client.ts';
import { EVENT, POD } from '#harness/kube/recording.ts';
import { tryRun } from '#harness/process/run.ts';
import { namespacesOf } from '#harness/stack/profiles.ts';
import { REGISTRY } from '#harness/stack/registry.ts';
import {
  type Bounds,
  DEFAULT_BOUNDS,
  EvidenceFolder,
  type EvidenceFile,
  type EvidenceGap,
} from './folder.ts';

export interface EvidenceOptions {
  readonly cluster: RunningCluster;
  /** The scenario's own namespace; those of the stack that exist are added. */
  readonly namespace?: string;
  /** Logs and series from here on. */
  readonly since: Date;
  /** Folder to write into; made when absent. */
  readonly out_dir: string;
  readonly budget_s: number;
  /** PromQL by name, for series from `since` until now. */
  readonly queries?: Readonly<Record<string, string>>;
  readonly bounds?: Bounds;
  /** Further files, by path: for what only the caller knows how to ask. */
  readonly more?: (kube: KubeClient) => Promise<Readonly<Record<string, string>>>;
}

/** What was collected and what could not be. */
export interface Evidence {
  readonly files: readonly EvidenceFile[];
  readonly gaps: readonly EvidenceGap[];
}

const STACK_NAMESPACES = [...namespacesOf(Object.values(REGISTRY)), 'istio-system', 'mettle-system'];
/** Kinds that only repeat what others say, or are written many times a second. */
const LEFT_OUT = new Set([
  'Event',
  'Lease',
  'EndpointSlice',
  'Endpoints',
  'ComponentStatus',
  'PodMetrics',
  'NodeMetrics',
]);
const LOG_BYTES = 1024 * 1024;
const NODE_LOG_LINES = 2_000;
const STEP_S = 2;

/** An object as a reader wants it: without bookkeeping, without secrets. */
function readable(object: KubeObject): unknown {
  const { managedFields: _managed, ...metadata } = Object(object.metadata);
  return redact({ ...object, metadata });
}

async function collectObjects(kube: KubeClient, folder: EvidenceFolder, namespace: string): Promise<void> {
  const kinds = (await kube.kinds()).filter((kind) => kind.namespaced && !LEFT_OUT.has(kind.kind));
  const lists = kinds.map(async ({ api_version, kind }: ListableKind) => {
    let objects: readonly KubeObject[] = [];
    await folder.attempt(`${kind} of ${namespace}`, async () => {
      objects = await kube.list({ api_version, kind, namespace });
    });
    return objects;
  });
  const objects = (await Promise.all(lists)).flat();
  const documents = objects.map((object) => `# ${nameOf(object)}\n${stringify(readable(object))}`);
  await folder.write(`objects/${namespace}.yaml`, documents.join('---\n'));
}

function timeOf(event: KubeObject): string {
  return (
    textAt(event, 'lastTimestamp') ?? textAt(event, 'eventTime') ?? event.metadata.creationTimestamp ?? ''
  );
}

async function collectEvents(kube: KubeClient, folder: EvidenceFolder, namespace: string): Promise<void> {
  const events = await kube.list({ ...EVENT, namespace });
  const lines = events
    .map((event) => {
      const about = `${textAt(event, 'involvedObject', 'kind')}/${textAt(event, 'involvedObject', 'name')}`;
      return [
        timeOf(event),
        textAt(event, 'type'),
        textAt(event, 'reason'),
        about,
        textAt(event, 'message'),
      ].join('  ');
    })
    .sort();
  await folder.write(`events/${namespace}.txt`, `${lines.join('\n')}\n`);
}

async function collectLogs(
  kube: KubeClient,
  folder: EvidenceFolder,
  { namespace, since }: { readonly namespace: string; readonly since: Date },
): Promise<void> {
  const pods = await kube.list({ ...POD, namespace });
  const read = async (pod: string, container: string, previous: boolean): Promise<void> => {
    const path = `logs/${namespace}/${pod}/${container}${previous ? '.before-restart' : ''}.log`;
    await folder.attempt(path, async () => {
      const options = { container, since, limit_bytes: LOG_BYTES, previous };
      await folder.write(path, await kube.logs(namespace, pod, options));
    });
  };
  const reads: Promise<void>[] = [];
  for (const pod of pods) {
    const { name } = pod.metadata;
    for (const status of listAt(pod, 'status', 'containerStatuses')) {
      const container = textAt(status, 'name') ?? '';
      reads.push(read(name, container, false));
      if (textAt(status, 'lastState', 'terminated', 'containerID')) reads.push(read(name, container, true));
    }
  }
  await Promise.all(reads);
}

async function collectHttp(
  folder: EvidenceFolder,
  path: string,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  await folder.write(path, JSON.stringify(redact(JSON.parse(text)), null, 1));
}

/** Queries that always help: who was scraped, what the shop's workloads answered. */
const QUERIES: Readonly<Record<string, string>> = {
  up: 'up',
  'answers-per-second': 'sum by (namespace, app, code) (rate(http_requests_total[10s]))',
  alerts: 'ALERTS',
};

function prometheusUrl({ cluster, since }: EvidenceOptions, query: string): string {
  const url = new URL(`http://127.0.0.1:${cluster.ports.prometheus}/api/v1/query_range`);
  url.searchParams.set('query', query);
  url.searchParams.set('start', String(since.getTime() / 1000));
  url.searchParams.set('end', String(Date.now() / 1000));
  url.searchParams.set('step', String(STEP_S));
  return url.href;
}

async function collectNode(
  folder: EvidenceFolder,
  cluster: RunningCluster,
  signal: AbortSignal,
): Promise<void> {
  const node = await nodeOf(cluster);
  const commands: Readonly<Record<string, readonly string[]>> = {
    'node/console.log': ['docker', 'logs', '--tail', String(NODE_LOG_LINES), node],
    'node/kubelet.log': [
      'docker',
      'exec',
      node,
      'journalctl',
      '--no-pager',
      '-u',
      'kubelet',
      `-n${NODE_LOG_LINES}`,
    ],
  };
  await Promise.all(
    Object.entries(commands).map(([path, command]) =>
      folder.attempt(path, async () => {
        const { stdout, stderr, exit_code } = await tryRun(command, { signal });
        if (exit_code !== 0)
          throw new Error(`${command.join(' ')} exited ${exit_code}: ${stderr.slice(0, 300)}`);
        await folder.write(path, `${stdout}${stderr}`);
      }),
    ),
  );
}

/** Namespaces to look into: the scenario's own, and those of the stack that are there. */
async function namespacesToRead(kube: KubeClient, own: string | undefined): Promise<readonly string[]> {
  const first = own === undefined ? [] : [own];
  const found = await kube.list({ api_version: 'v1', kind: 'Namespace' });
  const names = new Set(found.map(({ metadata }) => metadata.name));
  return [...first, ...STACK_NAMESPACES.filter((name) => names.has(name))];
}

async function collectMore(
  folder: EvidenceFolder,
  kube: KubeClient,
  options: EvidenceOptions,
): Promise<void> {
  const files = (await options.more?.(kube)) ?? {};
  for (const [path, text] of Object.entries(files)) await folder.write(path, text);
}

async function collectAll(
  options: EvidenceOptions,
  folder: EvidenceFolder,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, since } = options;
  await using kube = kubeClient(cluster);
  // Without this list nothing else of the cluster is to be had, so its failure is a gap of its own.
  let namespaces: readonly string[] = [];
  await folder.attempt('namespaces', async () => {
    namespaces = await namespacesToRead(kube, options.namespace);
  });
  const chat = `http://127.0.0.1:${cluster.ports.chat}/messages`;
  const queries = Object.entries({ ...QUERIES, ...options.queries });
  await Promise.all([
    ...namespaces.flatMap((namespace) => [
      folder.attempt(`events of ${namespace}`, () => collectEvents(kube, folder, namespace)),
      folder.attempt(`logs of ${namespace}`, () => collectLogs(kube, folder, { namespace, since })),
      folder.attempt(`objects of ${namespace}`, () => collectObjects(kube, folder, namespace)),
    ]),
    ...queries.map(([name, query]) =>
      folder.attempt(`series ${name}`, () =>
        collectHttp(folder, `prometheus/${name}.json`, prometheusUrl(options, query), signal),
      ),
    ),
    folder.attempt('dumps', () => collectMore(folder, kube, options)),
    folder.attempt('chat', () => collectHttp(folder, 'chat.json', chat, signal)),
    folder.attempt('node', () => collectNode(folder, cluster, signal)),
  ]);
}

/**
 * Collects what a person needs after a failure, before anything is cleaned up: objects, events, logs from the start of
 * the scenario, series, messages and the node's logs. Bounded in time and size, secrets removed. It never throws: what
 * could not be had stands in `index.json` under `gaps`.
 */
export async function collectEvidence(options: EvidenceOptions): Promise<Evidence> {
  const folder = new EvidenceFolder(options.out_dir, options.bounds ?? DEFAULT_BOUNDS);
  const signal = AbortSignal.timeout(options.budget_s * 1000);
  const timeUp = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => timeUp.resolve(), { once: true });
  let finished = false;
  const collecting = folder.attempt('evidence', async () => {
    await mkdir(options.out_dir, { recursive: true });
    await collectAll(options, folder, signal);
    finished = true;
  });
  await Promise.race([collecting, timeUp.promise]);
  const files = folder.files.toSorted((left, right) => left.path.localeCompare(right.path));
  const gaps = [...folder.gaps];
  if (!finished && gaps.length === 0) {
    gaps.push({ what: 'evidence', reason: `not finished within ${options.budget_s} s` });
  }
  const index = { cluster: options.cluster.name, since: options.since.toISOString(), files, gaps };
  try {
    await writeFile(join(options.out_dir, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
  } catch (error) {
    gaps.push({ what: 'index.json', reason: messageOf(error) });
  }
  return { files, gaps };
}
