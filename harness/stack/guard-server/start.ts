/** A PostgreSQL server in a pod of a cluster, for one run of the guard. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guardCluster } from '#harness/cluster/guard.ts';
import { clusterName } from '#harness/cluster/names.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { at, type KubeObject, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { openClient } from '#harness/database/server/client.ts';
import { SETTINGS, SUPERUSER } from '#harness/database/server/prepared.ts';
import { refuseOther } from '#harness/database/server/refusals.ts';
import { RunningServer } from '#harness/database/server/running.ts';
import type { Address, ClusterStart, ScratchServer } from '#harness/database/server/types.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { POD, SERVICE } from '#harness/kube/recording.ts';
import type { Condition } from '#harness/kube/wait.ts';
import { manifestsOf } from '../component.ts';
import { podFailure } from '../readiness.ts';
import { postgresImageOn } from './image.ts';
import { claimNamespace, LEASE_S, SERVER_POD } from './namespace.ts';
import { chooseReach } from './reach.ts';

const PASSWORD_BYTES = 18;
const RUNNING_S = 60;
/** For what is run in the pod: PostgreSQL itself gives up sooner. */
const COMMAND_S = 90;
const REACHED_MS = 30_000;
const LOOK_MS = 50;

/**
 * Starts a server in a namespace of its own, of the image that the nodes hold.
 * @throws UsageError for what cannot be a cluster's name; RefusedError for a cluster that Mettle neither made nor was given;
 *   UnfitError for one that does not answer, lacks the image, holds another version, or when the server does not start
 */
export async function startInCluster(options: ClusterStart): Promise<ScratchServer> {
  const { version, signal, progress } = options;
  const cluster = await guardCluster({ name: clusterName(options.cluster) });
  await using held = new AsyncDisposableStack();
  const kube = held.use(kubeClient(cluster));
  const image = await postgresImageOn(cluster);
  const reach = await chooseReach(cluster, kube);
  signal.throwIfAborted();
  progress?.(`starting ${image} in cluster ${cluster.name}`);
  const { name: namespace } = held.use(await claimNamespace(kube, cluster));
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const manifests = await serverManifests({ image, namespace, password, node_port: reach.node_port });
  const applied = await kube.apply(manifests);
  const pod = await kube.waitFor(isRunning(namespace), { deadline_s: RUNNING_S, signal });
  await inPod(kube, namespace, 'begin');
  signal.throwIfAborted();
  const address: Address = {
    ...(await reach.place(textAt(pod, 'status', 'hostIP') ?? '', nodePortOf(applied))),
    user: SUPERUSER,
    password,
    database: 'postgres',
  };
  await untilReached(address, signal);
  const server = await RunningServer.over({
    engine: 'cluster',
    address,
    crash: () => inPod(kube, namespace, 'crash'),
    recover: () => inPod(kube, namespace, 'start'),
    running: held.move(),
  });
  await refuseOther(server, version, {
    where: `the image ${image} in cluster ${cluster.name}`,
    next: 'Leave --postgres out, or choose --engine embedded.',
  });
  return server;
}

interface Wanted {
  readonly image: string;
  readonly namespace: string;
  readonly password: string;
  /** Any when absent. */
  readonly node_port?: number | undefined;
}

/** All that is made for a server, its namespace included. */
export async function serverManifests({
  image,
  namespace,
  password,
  node_port,
}: Wanted): ReturnType<typeof manifestsOf> {
  const serve = await readFile(join(import.meta.dirname, 'serve.sh'), 'utf8');
  const values = { namespace, password, serve, settings: SETTINGS, lease_s: LEASE_S };
  const read = await manifestsOf({ artifacts: { images: { postgres: image } } }, 'guard-server', values);
  if (node_port === undefined) return read;
  return read.map((manifest) =>
    manifest.object.kind === SERVICE.kind
      ? { ...manifest, object: onNodePort(manifest.object, node_port) }
      : manifest,
  );
}

function onNodePort(service: KubeObject, nodePort: number): KubeObject {
  const port = at(service, 'spec', 'ports', 0);
  return { ...service, spec: { ...Object(service['spec']), ports: [{ ...Object(port), nodePort }] } };
}

function nodePortOf(applied: readonly KubeObject[]): number {
  const service = applied.find(({ kind }) => kind === SERVICE.kind);
  const port = numberAt(service, 'spec', 'ports', 0, 'nodePort');
  if (port === undefined) throw new UnfitError('the API server gave the Service of the server no node port');
  return port;
}

/** The pod to run; what cannot come by waiting is an error. */
function isRunning(namespace: string): Condition<KubeObject> {
  return {
    awaited: `Pod/${namespace}/${SERVER_POD} to run`,
    of: { ...POD, namespace, name: SERVER_POD },
    test([pod]) {
      const { standing, message } = statusOf(pod);
      if (pod === undefined) return { met: false, seen: message };
      const failure = podFailure(pod);
      if (failure !== undefined || standing === 'Failed') {
        throw new UnfitError(`the pod of PostgreSQL does not start: ${failure?.detail ?? message}`, {
          next: 'Make a cluster whose nodes hold the image (mettle cluster create --stack postgres --keep).',
        });
      }
      return standing === 'Current' ? { met: true, value: pod } : { met: false, seen: message };
    },
  };
}

async function inPod(kube: KubeClient, namespace: string, what: 'begin' | 'start' | 'crash'): Promise<void> {
  const command = ['/bin/sh', '/mettle/serve.sh', what];
  const { exit_code, stderr } = await kube.exec({
    namespace,
    pod: SERVER_POD,
    command,
    timeout_s: COMMAND_S,
  });
  if (exit_code === 0) return;
  throw new UnfitError(`PostgreSQL in ${namespace} did not ${what} (${exit_code}):\n${stderr.trim()}`);
}

/** Nobody tells when the nodes have learned of the Service, so it is tried. @throws UnfitError why it is not reached */
async function untilReached(address: Address, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + REACHED_MS;
  for (;;) {
    try {
      await using _client = await openClient(address);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}
