import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { checksOf } from '#harness/cli/testing/guarded.ts';
import { type Ended, Program } from '#harness/cli/testing/program.ts';
import { createCluster, type OwnCluster } from '#harness/cluster/create.ts';
import { adoptCluster, releaseCluster } from '#harness/cluster/adopt.ts';
import { imagesOn } from '#harness/cluster/node-images.ts';
import { readRecord } from '#harness/cluster/record.ts';
import { RefusedError, UnfitError } from '#harness/core/errors.ts';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { at, listAt, textAt } from '#harness/core/kubernetes.ts';
import { prepareArtifacts } from '#harness/images/artifacts.ts';
import { type KubeClient, kubeClient } from '#harness/kube/client.ts';
import { removeMarker, writeMarker } from '#harness/kube/marker.ts';
import { POD } from '#harness/kube/recording.ts';
import { readReceipts } from '#harness/lease/receipt.ts';
import { livingWarden } from '#harness/lease/warden-record.ts';
import { processOf } from '#harness/lease/owner.ts';
import { type Child, startChild } from '#harness/process/child.ts';
import { cacheDir } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import { postgresAmong } from '#harness/stack/guard-server/image.ts';
import { startInCluster } from '#harness/stack/guard-server/start.ts';
import { fillDatabase } from '../data/fill.ts';
import { openClient } from './client.ts';

// A cluster of Mettle's own without any stack: its node holds the image of PostgreSQL, and that is all that is needed.

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
const progress = (): void => undefined;
const { signal } = new AbortController();
/** Longest time until nothing of a killed run is left. */
const GONE_MS = 30_000;

const held = new AsyncDisposableStack();
let cluster: OwnCluster;
let kube: KubeClient;
let program: Program;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-state-'));
  held.defer(() => rm(folder, { recursive: true, force: true }));
  vi.stubEnv('XDG_STATE_HOME', folder);
  const artifacts = await prepareArtifacts({ mode: 'auto', images: ['postgres'], definitions: [], progress });
  cluster = held.use(await createCluster({ artifacts, keep: false, progress, signal }));
  kube = held.use(kubeClient(cluster));
  program = held.use(new Program({ timeout_s: 200, cache: dirname(cacheDir()) }));
  program.write('schema.sql', 'CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);\n');
  program.write(
    'add.sql',
    'ALTER TABLE users ADD COLUMN nickname text;\nUPDATE users SET nickname = name;\n',
  );
  program.write('slow.sql', 'SELECT pg_sleep(60);\n');
});

afterAll(async () => {
  await held.disposeAsync();
  vi.unstubAllEnvs();
});

const FEW = '--schema schema.sql --rows 300 --reader 0 --no-lint --rate 60 --out-dir out --format json'.split(
  ' ',
);
const inCluster = (): readonly string[] => ['--engine', 'cluster', '--cluster', cluster.name];
const env = (): Record<string, string> => ({
  XDG_STATE_HOME: process.env['XDG_STATE_HOME'] ?? '',
  XDG_CACHE_HOME: dirname(cacheDir()),
});
const guard = (up: string, ...more: readonly string[]): Promise<Ended> =>
  program.runIn(env(), 'guard', up, ...FEW, ...inCluster(), ...more);

/** Namespaces of servers of the guard, and what is still owed for them. */
async function guardsOwn(): Promise<readonly string[]> {
  const namespaces = await kube.list({
    api_version: 'v1',
    kind: 'Namespace',
    labels: 'mettle.dev/part-of=guard',
  });
  const { receipts } = await readReceipts();
  return [
    ...namespaces.map(({ metadata }) => `namespace ${metadata.name}`),
    ...receipts.filter(({ kind }) => kind === 'guard-server').map(({ id }) => `receipt ${id}`),
  ];
}

async function onlyNamespace(): Promise<string> {
  const [first = '', ...more] = (await guardsOwn()).filter((line) => line.startsWith('namespace '));
  expect(more).toEqual([]);
  return first.replace('namespace ', '');
}

test('a server in a pod makes copies, crashes, recovers where it was and leaves nothing', async () => {
  {
    await using server = await startInCluster({ cluster: cluster.name, version: '15', signal, progress });
    expect(server).toMatchObject({ engine: 'cluster', version: expect.stringMatching(/^15\.\d+$/) });
    const { template } = await fillDatabase(
      server,
      {
        source: 'generated',
        rows: 12_000,
        seed: 1,
        makeSchema: async (address) => {
          await using client = await openClient(address);
          await client.query('CREATE TABLE t (id int PRIMARY KEY, note text)');
        },
      },
      { signal },
    );
    await using copy = await server.create({ template });
    const namespace = await onlyNamespace();
    const inPod = async (command: readonly string[]): Promise<string> =>
      (await kube.exec({ namespace, pod: 'postgres', command })).stdout;

    // Again and again: nothing is between the kill and the next start that would wait longer each time.
    for (let times = 1; times <= 3; times += 1) {
      const client = await openClient(copy.address);
      const sleeping = client.query('SELECT pg_sleep(30)').then(
        () => 'slept',
        () => 'cut off',
      );
      await server.crash();
      expect(await sleeping).toBe('cut off');
      expect((await inPod(['cat', '/proc/1/comm'])).trim()).toBe('sh');
      expect(await inPod(['sh', '-c', 'cat /proc/[0-9]*/comm'])).not.toContain('postgres');
      await expect(openClient(copy.address)).rejects.toThrow('cannot be reached: nobody listens there');
      await server.recover();
      await using again = await openClient(copy.address);
      expect((await again.query('SELECT count(*)::int AS n FROM t')).rows).toEqual([{ n: 12_000 }]);
      const log = await inPod(['cat', '/data/log']);
      expect(log.match(/was not properly shut down; automatic recovery in progress/g)).toHaveLength(times);
    }

    // Nobody in the pod can ask the API server anything, and who comes without the password is not let in.
    expect(await inPod(['sh', '-c', 'ls /var/run/secrets/kubernetes.io 2>&1 || true'])).toContain(
      'No such file',
    );
    await expect(openClient({ ...copy.address, password: 'guessed' })).rejects.toThrow('password is wrong');
    // In its own container, on a node of the network that Mettle made, without a proxy in between.
    const pod = await kube.get({ ...POD, namespace, name: 'postgres' });
    expect(copy.address.host).toBe(textAt(pod, 'status', 'hostIP'));
    expect(listAt(pod, 'status', 'containerStatuses').map((one) => at(one, 'restartCount'))).toEqual([0]);
  }
  expect(await guardsOwn()).toEqual([]);
});

test('another version, and a cluster that is not known, are refused and leave nothing', async () => {
  const other = startInCluster({ cluster: cluster.name, version: '16', signal, progress });
  await expect(other).rejects.toThrow(UnfitError);
  await expect(other).rejects.toThrow(/holds PostgreSQL 15\.\d+, not 16/);
  await expect(startInCluster({ cluster: 'unknown', signal, progress })).rejects.toThrow(RefusedError);
  expect(await guardsOwn()).toEqual([]);
});

test('a migration is judged in the cluster, its server killed on the way, and both are in the verdict', async () => {
  const ended = await guard('add.sql');
  expect(ended.err).toMatch(/exit 0 \(pass\)/);
  expect(JSON.parse(ended.out).server).toMatchObject({
    engine: 'cluster',
    version: expect.stringMatching(/^15\.\d+$/),
  });
  expect(checksOf(ended, 'pass')).toEqual(expect.arrayContaining(['runs-on-data', 'data-present']));
  const [run_folder = ''] = await readdir(join(program.folder, 'out'));
  const facts: GuardFacts = JSON.parse(
    await readFile(join(program.folder, 'out', run_folder, 'facts.json'), 'utf8'),
  );
  const [{ kills } = {}] = facts.migrations;
  expect(kills).toContainEqual(expect.objectContaining({ how: 'server', too_late: false, differences: [] }));
  expect(await guardsOwn()).toEqual([]);
});

/** A guard whose migration sleeps. */
function slowGuard(): Child {
  const child = startChild([process.execPath, MAIN, 'guard', 'slow.sql', ...FEW, '--fast', ...inCluster()], {
    cwd: program.folder,
    env: env(),
  });
  child.stdout.resume();
  child.stderr.resume();
  return child;
}

async function phases(): Promise<readonly unknown[]> {
  return (await kube.list({ ...POD, labels: 'app=postgres' })).map((pod) => at(pod, 'status', 'phase'));
}

/** Until its server runs, and no longer than a slow start takes. */
async function untilRunning(): Promise<void> {
  await expect.poll(phases, { timeout: 120_000, interval: 100 }).toEqual(['Running']);
}

/** Kills it from one moment to the next, and leaves the rest to its warden. */
async function killedAt(moment: () => Promise<void>): Promise<void> {
  await using child = slowGuard();
  await moment();
  child.kill('SIGKILL');
  await child.exited;
  await expect.poll(guardsOwn, { timeout: GONE_MS, interval: 200 }).toEqual([]);
}

test('a guard that is killed while it works leaves nothing', async () => {
  await killedAt(untilRunning);
});

test('a guard that is killed while its server is being made leaves nothing', {
  tags: ['nightly'],
}, async () => {
  await killedAt(async () => {
    await expect.poll(guardsOwn, { timeout: 120_000, interval: 20 }).not.toEqual([]);
  });
});

test('what a guard left that was killed with its warden is removed by the next clean-up', {
  tags: ['nightly'],
}, async () => {
  await using child = slowGuard();
  await untilRunning();
  const owner = await processOf(child.pid);
  const warden = owner && (await livingWarden(owner));
  if (warden === undefined) throw new Error('the guard has no warden');
  process.kill(warden.pid, 'SIGKILL');
  child.kill('SIGKILL');
  await child.exited;
  expect(await guardsOwn()).toHaveLength(2);
  const swept = await program.runIn(env(), 'cleanup');
  expect(swept.out).toMatch(/^guard-server mettle-guard-\w+ in mettle-\w+: removed/m);
  expect(await guardsOwn()).toEqual([]);
});

test('on a cluster that was adopted a server is reached by what that publishes on loopback', {
  tags: ['nightly'],
}, async () => {
  const record = await readRecord(cluster.name);
  if (record === undefined) throw new Error('the cluster has no record');
  const { api_server, kubeconfig, uid, ports, marker_id } = record;
  await using undo = new AsyncDisposableStack();
  // As one that somebody else made: nothing on it says that it is ours.
  await removeMarker(record, marker_id);
  undo.defer(async () => {
    await writeMarker(record, marker_id);
  });
  await expect(startInCluster({ cluster: cluster.name, signal, progress })).rejects.toThrow(
    'carries no marker',
  );
  const name = `theirs${process.pid}`;
  await adoptCluster({ name, kubeconfig, api_server, uid, ports: {}, progress });
  undo.defer(async () => {
    await releaseCluster(name);
  });
  {
    await using server = await startInCluster({ cluster: name, signal, progress });
    await using database = await server.create();
    expect(database.address).toMatchObject({ host: '127.0.0.1', port: ports.postgres });
    await server.crash();
    await server.recover();
    await using client = await openClient(database.address);
    expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
  }
  expect(await guardsOwn()).toEqual([]);
});

test('a cluster whose node does not hold the image is refused', async () => {
  const image = postgresAmong(await imagesOn(cluster)) ?? '';
  const node = `${cluster.name}-control-plane`;
  await run(['docker', 'exec', node, 'ctr', '--namespace', 'k8s.io', 'images', 'rm', '--sync', image]);
  const ended = await guard('add.sql');
  expect(ended.err).toContain(`the nodes of cluster ${cluster.name} do not hold the image of PostgreSQL`);
  expect(ended.err).toContain('mettle cluster create --stack postgres --keep');
  expect(ended.code).toBe(3);
  expect(await guardsOwn()).toEqual([]);
});
