/**
 * A cluster that is destroyed and made again, beside what is off-site: what outlives it does, what must not does not.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { deleteCluster, listClusters } from '#harness/cluster/clusters.ts';
import { createCluster, recreateCluster } from '#harness/cluster/create.ts';
import { destroyCluster } from '#harness/cluster/destroy.ts';
import { guardCluster } from '#harness/cluster/guard.ts';
import { claimPorts } from '#harness/cluster/ports.ts';
import { readRecord } from '#harness/cluster/record.ts';
import { nodeContainers } from '#harness/cluster/remove.ts';
import type { RunningCluster } from '#harness/cluster/types.ts';
import { textAt } from '#harness/core/kubernetes.ts';
import { beginRepository } from '#harness/git/checkout.ts';
import { type Artifacts, prepareArtifacts } from '#harness/images/artifacts.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { readReceipts } from '#harness/lease/receipt.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { stateDir } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import { holdProgram } from '#harness/process/testing/held-program.ts';
import { beginOffsite, type Offsite } from './offsite.ts';
import { BACKUPS_ON_NODE } from './places.ts';

useFreshState();

const PROGRAM = join(import.meta.dirname, '../cluster/testing/hold-cluster.ts');
const HEAL_DEADLINE_MS = 30_000;
const within = { progress: () => undefined, signal: new AbortController().signal };
const Named = v.object({ name: v.string(), uid: v.string() });

let artifacts: Artifacts;
beforeAll(async () => {
  artifacts = await prepareArtifacts({ mode: 'auto', images: ['git'], definitions: [], ...within });
});

async function outputOf(command: readonly string[]): Promise<readonly string[]> {
  return (await run(command)).stdout.split('\n').filter(Boolean).sort();
}

/** What Docker and the state folder have of these; other clusters may come and go meanwhile. */
async function residue(names: readonly string[]): Promise<object> {
  const ours = (line: string): boolean =>
    names.some((name) => line.includes(name)) || line.startsWith('receipts/');
  const files = await readdir(stateDir(), { recursive: true }).catch(() => []);
  return {
    containers: (await outputOf(['docker', 'ps', '--all', '--format', '{{.Names}}'])).filter(ours),
    networks: (await outputOf(['docker', 'network', 'ls', '--format', '{{.Name}}'])).filter(ours),
    files: files.filter(ours).sort(),
  };
}

/** A pod that asks the Git server for its branches, and notes the answer in the store of backups as a user of its own. */
async function askFromPod(cluster: RunningCluster, offsite: Offsite, note: string): Promise<void> {
  await using kube = kubeClient(cluster);
  const [secret] = await offsite.unseal();
  const metadata = { namespace: 'default', name: note };
  const objects = [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { ...secret?.values } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: {
        restartPolicy: 'Never',
        securityContext: { runAsUser: 65_532, runAsGroup: 65_532 },
        containers: [
          {
            name: 'ask',
            image: artifacts.images['git'],
            imagePullPolicy: 'Never',
            command: ['/bin/sh', '-c', `cd /tmp && git ls-remote "$URL" > /store/${note} 2>&1`],
            env: [
              { name: 'URL', value: offsite.repositoryUrl('fleet') },
              { name: 'HOME', value: '/tmp' },
              { name: 'GIT_CONFIG_COUNT', value: '1' },
              { name: 'GIT_CONFIG_KEY_0', value: 'http.extraHeader' },
              { name: 'GIT_CONFIG_VALUE_0', valueFrom: { secretKeyRef: { name: note, key: 'header' } } },
            ],
            volumeMounts: [{ name: 'store', mountPath: '/store' }],
          },
        ],
        volumes: [{ name: 'store', hostPath: { path: BACKUPS_ON_NODE, type: 'Directory' } }],
      },
    },
  ];
  const position = { file: import.meta.filename, line: 1, column: 1 };
  // A cluster that was made a moment ago refuses pods until the account that they run as is there.
  await kube.waitFor<undefined>(
    {
      awaited: 'the account of pods to be there',
      of: { api_version: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' },
      test: ([account]) =>
        account === undefined ? { met: false, seen: 'none' } : { met: true, value: undefined },
    },
    { deadline_s: 60, signal: within.signal },
  );
  await kube.apply(objects.map((object) => ({ object, position })));
  await kube.waitFor<undefined>(
    {
      awaited: `pod ${note} to succeed`,
      of: { api_version: 'v1', kind: 'Pod', ...metadata },
      test([pod]) {
        const phase = textAt(pod, 'status', 'phase') ?? 'none';
        return phase === 'Succeeded'
          ? { met: true, value: undefined }
          : { met: false, seen: `phase ${phase}` };
      },
    },
    { deadline_s: 60, signal: within.signal },
  );
}

test('a cluster is lost with all it holds and made again, and what is off-site outlives both', async () => {
  const names: string[] = [];
  {
    await using offsite = await beginOffsite({ ...within, images: { mode: 'auto' } });
    names.push(`offsite-${offsite.id}`);
    const remote = offsite.remote('fleet');
    await using checkout = await beginRepository(remote);
    const { commit } = await checkout.push({ message: 'Fleet', files: { 'fleet.yaml': 'replicas: 3\n' } });
    const basic = Buffer.from(`${remote.username}:${remote.password}`).toString('base64');
    await offsite.seal([
      { namespace: 'default', name: 'fleet', values: { header: `Authorization: Basic ${basic}` } },
    ]);

    await using first = await createCluster({
      ...within,
      name: '0-lost',
      artifacts,
      mounts: offsite.mounts,
      keep: false,
    });
    names.push(first.name);
    expect(() => offsite.repositoryUrl('fleet')).toThrow('No cluster is connected');
    await offsite.connect(first);
    await offsite.connect(first);
    const url = offsite.repositoryUrl('fleet');
    await expect(guardCluster(first)).resolves.toMatchObject({ uid: first.uid });
    await askFromPod(first, offsite, 'before');
    const stored = (name: string): Promise<string> => readFile(join(offsite.backups, name), 'utf8');
    await expect(stored('before')).resolves.toContain(commit.revision);

    let current: RunningCluster = first;
    for (const round of ['once', 'twice']) {
      const lost = await destroyCluster(current);
      expect(lost).toMatchObject({ name: first.name, uid: current.uid, kept: false });
      expect(lost.destroyed_at).toBeLessThanOrEqual(Date.now());
      await expect(nodeContainers(first.name)).resolves.toStrictEqual([]);
      // Its name, its ports and its receipt are its own still, and nobody takes a corpse for a cluster.
      await expect(readReceipts()).resolves.toMatchObject({
        receipts: [{ subject: first.name, heal: { state: 'ready' } }, { kind: 'offsite' }],
      });
      await expect(guardCluster(current)).rejects.toMatchObject({ exit_code: 3 });
      await expect(destroyCluster(current)).rejects.toMatchObject({ exit_code: 3 });
      await expect(
        claimPorts(['gateway'], { gateway: first.ports.gateway }, () => Promise.resolve()),
      ).rejects.toThrow('is in use');
      await expect(createCluster({ ...within, name: first.name, artifacts, keep: false })).rejects.toThrow(
        'already',
      );

      const again = await recreateCluster(lost, within);
      expect(again).toMatchObject({ name: first.name, ports: first.ports, api_server: first.api_server });
      expect(again.uid).not.toBe(current.uid);
      await expect(guardCluster(current)).rejects.toThrow('taken its place');
      await expect(destroyCluster(current)).rejects.toThrow('taken its place');
      await expect(recreateCluster(lost, within)).rejects.toThrow('not the one that was destroyed');
      await expect(guardCluster(again)).resolves.toMatchObject({ uid: again.uid });
      await expect(readReceipts()).resolves.toMatchObject({
        receipts: [{ subject: first.name, heal: { state: 'ready' } }, { kind: 'offsite' }],
      });
      await offsite.connect(again);
      expect(offsite.repositoryUrl('fleet')).toBe(url);
      await askFromPod(again, offsite, round);
      await expect(stored(round)).resolves.toContain(commit.revision);
      await expect(stored('before')).resolves.toContain(commit.revision);
      current = again;
    }
  }
  // The one that was made first gave back the last one.
  await expect(residue(names)).resolves.toStrictEqual({ containers: [], networks: [], files: [] });
});

test('a cluster that is kept is made again as one that is kept, and owed to nobody then', {
  tags: ['nightly'],
}, async () => {
  const cluster = await createCluster({ ...within, artifacts, keep: true });
  onTestFinished(async () => void (await deleteCluster(cluster.name).catch(() => undefined)));
  await expect(readReceipts()).resolves.toMatchObject({ receipts: [] });
  const lost = await destroyCluster(cluster);
  expect(lost.kept).toBe(true);
  await expect(readReceipts()).resolves.toMatchObject({ receipts: [{ subject: cluster.name }] });
  await recreateCluster(lost, within);
  await expect(readReceipts()).resolves.toMatchObject({ receipts: [] });
  await expect(readRecord(cluster.name)).resolves.toMatchObject({ kept: true });
  await expect(listClusters()).resolves.toMatchObject([{ name: cluster.name, state: 'kept' }]);
  await deleteCluster(cluster.name);
  await expect(residue([cluster.name])).resolves.toStrictEqual({ containers: [], networks: [], files: [] });
});

describe('a run that is killed leaves nothing', () => {
  type Kill = readonly [moment: string, act: string, signal: NodeJS.Signals];
  async function leavesNothing([moment, act, signal]: Kill): Promise<void> {
    const running = holdProgram(PROGRAM, [JSON.stringify(artifacts), act]);
    const { name } = v.parse(Named, JSON.parse((await running.sees('made {')).slice('made '.length)));
    await running.sees(moment);
    running.child.kill(signal);
    await running.child.exited;
    await expect
      .poll(() => residue([name]), { timeout: HEAL_DEADLINE_MS, interval: 200 })
      .toStrictEqual({ containers: [], networks: [], files: [] });
  }
  test.for<Kill>([
    ['lost {', 'lost', 'SIGKILL'],
    ['again: mettle-', 'again', 'SIGKILL'],
  ])('at "%s" (%s) by %s', leavesNothing);
  test.for<Kill>([
    ['again: creating', 'again', 'SIGKILL'],
    ['made again {', 'again', 'SIGKILL'],
    ['again: mettle-', 'again', 'SIGINT'],
  ])('at "%s" (%s) by %s', { tags: ['nightly'] }, leavesNothing);
});
