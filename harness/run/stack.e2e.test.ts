import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCluster, type OwnCluster } from '#harness/cluster/create.ts';
import { listClusters } from '#harness/cluster/clusters.ts';
import { MettleError } from '#harness/core/errors.ts';
import { type Artifacts, prepareArtifacts } from '#harness/images/artifacts.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { parseManifests } from '#harness/kube/manifests.ts';
import { untilReady } from '#harness/stack/readiness.ts';
import type { Phases } from './phases.ts';
import { prepareStack } from './prepare.ts';

const progress = (): void => undefined;
const phases: Phases = {
  say: progress,
  phase: async (_title, _key, act) => await act(progress),
};
const { signal } = new AbortController();

let artifacts: Artifacts;
let cluster: OwnCluster;
let kube: KubeClient;

beforeAll(async () => {
  artifacts = await prepareArtifacts({ mode: 'auto', images: ['chat'], definitions: [], progress });
  cluster = await createCluster({ artifacts, keep: false, progress, signal });
  kube = kubeClient(cluster);
});

afterAll(async () => {
  await kube?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function failureOf(work: Promise<unknown>): Promise<{ error: MettleError; seconds: number }> {
  const from = performance.now();
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MettleError))
    throw new Error(`expected an error for a reader, found ${String(error)}`);
  return { error, seconds: (performance.now() - from) / 1000 };
}

const CRASHING = `apiVersion: v1
kind: Namespace
metadata: { name: crashing }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: crashing, namespace: crashing }
spec:
  selector: { matchLabels: { app: crashing } }
  template:
    metadata: { labels: { app: crashing } }
    spec:
      containers:
        - name: crashing
          image: mettle/chat
          imagePullPolicy: IfNotPresent
          env: [{ name: NODE_OPTIONS, value: --no-such-option }]
          # Without it a container counts as ready from its start to its crash.
          readinessProbe: { httpGet: { path: /healthz, port: 8080 }, periodSeconds: 1 }
`;

describe('a stack that cannot be installed', () => {
  test('an image that the node lacks ends it at once, naming pod, image, node and where the evidence lies', async () => {
    const images = { chat: 'localhost/mettle/chat:absent' };
    const { error, seconds } = await failureOf(
      prepareStack(cluster, { images, manifests: {} }, { phases, signal, components: ['chat'] }),
    );
    expect(error.exit_code).toBe(3);
    expect(error.message).toMatch(
      /pod chat\/chat-\S+, container chat, on node mettle-\S+-control-plane has no image to start: \w+: localhost\/mettle\/chat:absent/,
    );
    // The deadline is 90 s; what remains is the evidence's.
    expect(seconds).toBeLessThan(45);
    const folder = /Evidence: (.*)$/.exec(error.next ?? '')?.[1] ?? '';
    expect(existsSync(join(folder, 'index.json'))).toBe(true);
    await expect(readFile(join(folder, 'components/chat/chat.txt'), 'utf8')).resolves.toContain(
      'Deployment/chat/chat',
    );
    await expect(readFile(join(folder, 'events/chat.txt'), 'utf8')).resolves.toContain(
      'localhost/mettle/chat:absent',
    );
  });

  test('once the image is there the same installation succeeds', async () => {
    const given = { images: artifacts.images, manifests: {} };
    await prepareStack(cluster, given, { phases, signal, components: ['chat'] });
    // The port of a node answers a moment after its pod is ready.
    const answer = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${cluster.ports.chat}/healthz`)).status;
    await expect.poll(() => answer().catch(String), { timeout: 20_000 }).toBe(200);
  });

  test('a container that crashes again and again ends it early, with its last lines', async () => {
    await kube.apply(parseManifests('crashing.yaml', CRASHING, { images: artifacts.images }));
    const workload = { namespace: 'crashing', name: 'crashing' };
    const { error, seconds } = await failureOf(untilReady({ kube, signal }, workload, 90));
    expect(error.message).toContain('crashed 3 times');
    expect(error.message).toContain('--no-such-option');
    expect(seconds).toBeLessThan(75);
  });

  test('a manifest that is refused is told with the line of the field and the words of the server', async () => {
    const unknown = CRASHING.replace('imagePullPolicy:', 'imagePulPolicy:');
    const { error } = await failureOf(
      kube.apply(parseManifests('crashing.yaml', unknown, { images: artifacts.images })),
    );
    expect(error.exit_code).toBe(64);
    expect(error.message).toMatch(
      /^crashing\.yaml:16:\d+: Deployment\/crashing\/crashing was refused: .*imagePulPolicy/,
    );
    const invalid = CRASHING.replace('IfNotPresent', 'Sometimes');
    const second = await failureOf(
      kube.apply(parseManifests('crashing.yaml', invalid, { images: artifacts.images })),
    );
    expect(second.error.message).toMatch(/^crashing\.yaml:16:\d+: .*Unsupported value: "Sometimes"/);
  });

  test('a taken name or port is said before anything is made', async () => {
    const before = (await listClusters()).map(({ name }) => name);
    const same = await failureOf(
      createCluster({ name: cluster.name, artifacts, keep: false, progress, signal }),
    );
    expect(same.error).toMatchObject({ exit_code: 3, message: `There is a cluster ${cluster.name} already` });
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const chat = typeof address === 'object' && address !== null ? address.port : 0;
    const taken = await failureOf(
      createCluster({ artifacts, ports: { chat }, keep: false, progress, signal }),
    );
    server.close();
    expect(taken.error).toMatchObject({ exit_code: 3 });
    expect(taken.error.message).toContain(`Port ${chat} of 127.0.0.1, wanted for chat, is in use`);
    expect((await listClusters()).map(({ name }) => name)).toEqual(before);
  });
});
