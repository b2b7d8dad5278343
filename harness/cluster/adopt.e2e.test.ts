import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { RefusedError } from '#harness/core/errors.ts';
import { at } from '#harness/core/kubernetes.ts';
import { prepareArtifacts } from '#harness/images/artifacts.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { stateFolder } from '#harness/process/paths.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { adoptCluster, releaseCluster } from './adopt.ts';
import { deleteCluster, listClusters } from './clusters.ts';
import { guardCluster } from './guard.ts';

useFreshState();

/** A cluster that Mettle has no part in. */
const THEIRS = `theirs-${process.pid}`;
const NODE = `${THEIRS}-control-plane`;

let dir = '';
let kubeconfig = '';
let api_server = '';
let uid = '';
let gateway = 0;

async function kubectl(...args: readonly string[]): Promise<string> {
  const command = ['docker', 'exec', NODE, 'kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...args];
  return (await run(command)).stdout.trim();
}

async function markers(): Promise<string> {
  return await kubectl(
    'get',
    'configmaps',
    '-A',
    '-o',
    'name',
    '--field-selector',
    'metadata.name=mettle-marker',
  );
}

const progress = (): void => undefined;

beforeAll(async () => {
  const { kind, node_image } = await prepareArtifacts({
    mode: 'auto',
    images: [],
    definitions: [],
    progress,
  });
  dir = await mkdtemp(join(tmpdir(), 'mettle-adopt-'));
  kubeconfig = join(dir, 'config');
  gateway = await getPort({ host: '127.0.0.1' });
  const port = { containerPort: 30_080, hostPort: gateway, listenAddress: '127.0.0.1' };
  const config = stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane', extraPortMappings: [port] }],
  });
  await run(
    [
      kind,
      'create',
      'cluster',
      '--name',
      THEIRS,
      '--image',
      node_image,
      '--config',
      '-',
      '--kubeconfig',
      kubeconfig,
    ],
    { timeout_s: 180, input: config, env: { KIND_EXPERIMENTAL_DOCKER_NETWORK: THEIRS } },
  );
  const { stdout } = await run(['docker', 'port', NODE, '6443/tcp']);
  api_server = `https://${stdout.trim()}`;
  uid = await kubectl('get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}');
});

afterAll(async () => {
  await tryRun(['docker', 'rm', '--force', '--volumes', NODE], { timeout_s: 60 });
  await tryRun(['docker', 'network', 'rm', THEIRS], { timeout_s: 60 });
  await rm(dir, { recursive: true, force: true });
});

// Each test has a state folder of its own, but there is one cluster.
afterEach(async () => {
  await kubectl('delete', 'namespace', 'mettle-system', '--ignore-not-found');
});

const options = (change: object = {}): Parameters<typeof adoptCluster>[0] => ({
  name: 'theirs',
  kubeconfig,
  api_server,
  uid,
  ports: {},
  progress,
  ...change,
});

describe('a cluster that somebody else made', () => {
  test('is not adopted under another identity, and nothing is left of the attempt', async () => {
    await expect(adoptCluster(options({ uid: 'another' }))).rejects.toThrow(
      `has kube-system UID ${uid}, not another`,
    );
    await expect(adoptCluster(options({ api_server: 'https://127.0.0.1:1' }))).rejects.toMatchObject({
      exit_code: 64,
    });
    await expect(markers()).resolves.toBe('');
    await expect(readdir(await stateFolder('clusters'))).resolves.toEqual([]);
    await expect(guardCluster({ name: 'mettle-theirs' })).rejects.toThrow(RefusedError);
  });

  test('once adopted is guarded like one of ours, and never removed', async () => {
    const adopted = await adoptCluster(options({ ports: { chat: 12_345 } }));
    expect(adopted).toMatchObject({ name: 'mettle-theirs', uid, guarded: true });
    expect(adopted.ports).toMatchObject({ gateway, chat: 12_345, prometheus: 30_090 });
    expect(adopted.found).toMatchObject({ gateway: 'found', chat: 'given', prometheus: 'assumed' });
    await using kube = kubeClient(adopted);
    const nodes = await kube.list({ api_version: 'v1', kind: 'Node' });
    expect(nodes.map(({ metadata }) => metadata.name)).toEqual([NODE]);

    await expect(adoptCluster(options({ name: 'again' }))).rejects.toThrow('carries a marker already');
    await expect(adoptCluster(options())).rejects.toThrow('There is a cluster mettle-theirs already');
    await expect(deleteCluster('theirs')).rejects.toThrow('it was adopted');
    await expect(listClusters()).resolves.toEqual([expect.objectContaining({ state: 'adopted' })]);
    await expect(kubectl('get', 'nodes', '-o', 'name')).resolves.toBe(`node/${NODE}`);
  });

  test('is refused when its identity changes, or its marker goes', async () => {
    await adoptCluster(options());
    const file = join(await stateFolder('clusters'), 'mettle-theirs.adopted.json');
    const record: unknown = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...Object(record), uid: 'another' }));
    await expect(guardCluster({ name: 'mettle-theirs' })).rejects.toThrow('it is another cluster');
    await writeFile(file, JSON.stringify({ ...Object(record), api_server: 'https://127.0.0.1:1' }));
    await expect(guardCluster({ name: 'mettle-theirs' })).rejects.toThrow('points at');
    await writeFile(file, JSON.stringify(record));
    await expect(guardCluster({ name: 'mettle-theirs', uid })).resolves.toMatchObject({ uid });

    const id = at(record, 'marker_id');
    const forged = JSON.stringify({
      data: { id: String(id), cluster: 'mettle-other', cluster_uid: uid, kind: 'adopted' },
    });
    await kubectl('-n', 'mettle-system', 'delete', 'configmap', 'mettle-marker');
    await expect(guardCluster({ name: 'mettle-theirs' })).rejects.toThrow('no marker');
    await kubectl('-n', 'mettle-system', 'create', 'configmap', 'mettle-marker');
    await kubectl(
      '-n',
      'mettle-system',
      'patch',
      'configmap',
      'mettle-marker',
      '--type',
      'merge',
      '-p',
      forged,
    );
    await expect(guardCluster({ name: 'mettle-theirs' })).rejects.toThrow('made for cluster mettle-other');
  });

  test('is given back as it is, and can be adopted anew', async () => {
    await adoptCluster(options());
    await expect(releaseCluster('theirs')).resolves.toBe('removed');
    await expect(markers()).resolves.toBe('');
    await expect(guardCluster({ name: 'mettle-theirs' })).rejects.toThrow('no record');
    await expect(readdir(await stateFolder('clusters'))).resolves.toEqual([]);
    await adoptCluster(options());
    await kubectl('-n', 'mettle-system', 'delete', 'configmap', 'mettle-marker');
    await expect(releaseCluster('theirs')).resolves.toBe('not there');
    await expect(kubectl('get', 'nodes', '-o', 'name')).resolves.toBe(`node/${NODE}`);
  });
});
