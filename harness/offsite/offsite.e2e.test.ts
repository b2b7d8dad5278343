import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { beginRepository, type GitRemote } from '#harness/git/checkout.ts';
import { processOf } from '#harness/lease/owner.ts';
import { readReceipts } from '#harness/lease/receipt.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { stateDir } from '#harness/process/paths.ts';
import { run, tryRun } from '#harness/process/run.ts';
import { holdProgram } from '#harness/process/testing/held-program.ts';
import { hostImages } from './host-image.ts';
import { beginOffsite } from './offsite.ts';
import { gitContainerName, makeFolder, networkName } from './places.ts';
import { removeShared } from './remove.ts';
import { outputOf, residue } from './testing/residue.ts';

useFreshState();

const PROGRAM = join(import.meta.dirname, 'testing/hold-offsite.ts');
/** As a killed run's cluster: DESIGN. */
const HEAL_DEADLINE_MS = 30_000;
const options = {
  images: { mode: 'auto' as const },
  progress: () => undefined,
  signal: new AbortController().signal,
};

let image: string;
beforeAll(async () => {
  image = await (await hostImages(options))('git');
});

/** Clones a repository as somebody who knows nothing but its address and the credentials. */
async function clone({ url, username, password }: GitRemote): ReturnType<typeof tryRun> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-clone-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const env = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    GIT_CONFIG_KEY_1: 'http.proxy',
    GIT_CONFIG_VALUE_1: '',
  };
  const cloned = await tryRun(['git', 'clone', '--quiet', url, 'copy'], { cwd: folder, env, timeout_s: 5 });
  if (cloned.exit_code !== 0) return cloned;
  return { ...cloned, stdout: await readFile(join(folder, 'copy/fleet.yaml'), 'utf8') };
}

test('what is pushed is cloned by whoever has the credentials, through an outage, and nothing is left of it', async () => {
  const before = await residue();
  {
    await using offsite = await beginOffsite({ ...options, id: 'e2e-git' });
    const remote = offsite.remote('fleet');
    {
      await using checkout = await beginRepository(remote);
      await checkout.push({ message: 'Fleet', files: { 'fleet.yaml': 'replicas: 3\n' } });
    }
    await expect(clone(remote)).resolves.toMatchObject({ exit_code: 0, stdout: 'replicas: 3\n' });
    await expect(clone({ ...remote, password: 'another' })).resolves.toMatchObject({ exit_code: 128 });
    expect(() => offsite.repositoryUrl('fleet')).toThrow('No cluster is connected');
    expect(() => offsite.remote('../x')).toThrow('cannot be the name of a repository');

    // Nobody beyond this machine is offered it, and the credentials are in no list of Docker's.
    const container = gitContainerName('e2e-git');
    const published = await outputOf(['docker', 'port', container]);
    expect(published).toStrictEqual([expect.stringMatching(/^8080\/tcp -> 127\.0\.0\.1:\d+$/)]);
    const inspected = await outputOf(['docker', 'inspect', container]);
    expect(inspected.join('\n')).not.toContain(remote.password);
    // Joining a cluster's network, of the first name that one can have, moves no port.
    const network = 'mettle-0';
    await run(['docker', 'network', 'create', network]);
    onTestFinished(async () => void (await tryRun(['docker', 'network', 'rm', network])));
    await run(['docker', 'network', 'connect', network, container]);
    await expect(outputOf(['docker', 'port', container])).resolves.toStrictEqual(published);
    await expect(clone(remote)).resolves.toMatchObject({ stdout: 'replicas: 3\n' });

    {
      await using outage = await offsite.outage(60);
      await expect(clone(remote)).resolves.not.toMatchObject({ exit_code: 0 });
      await expect(offsite.outage(1)).rejects.toThrow('is paused already');
      expect(outage.from).toBeLessThanOrEqual(Date.now());
    }
    await expect(clone(remote)).resolves.toMatchObject({ stdout: 'replicas: 3\n' });
    const outage = await offsite.outage(2);
    const span = await outage.ended;
    expect(span.to - span.from).toBeGreaterThanOrEqual(2000);
    expect(span.to - span.from).toBeLessThan(5000);
    await expect(clone(remote)).resolves.toMatchObject({ stdout: 'replicas: 3\n' });

    await expect(beginOffsite({ ...options, id: 'e2e-git' })).rejects.toThrow('called e2e-git already');
    await expect(clone(remote)).resolves.toMatchObject({ exit_code: 0 });

    await expect(offsite.refuseFullDisk(1024)).resolves.toBeUndefined();
    await expect(offsite.refuseFullDisk(1e15)).rejects.toMatchObject({
      exit_code: 3,
      next: expect.stringContaining('Nothing was destroyed'),
    });
    await expect(readReceipts()).resolves.toMatchObject({
      receipts: [{ id: 'offsite-e2e-git', heal: { state: 'ready' } }],
    });
    // One that is still on when everything is given back.
    await offsite.outage(600);
  }
  await expect(residue()).resolves.toStrictEqual(before);
});

test('users of containers write to the store of backups, and what they leave is removed', async () => {
  const folder = await makeFolder('e2e-shared');
  const script = 'mkdir -m 700 /store/mine && echo base > /store/mine/backup';
  const volume = `--volume=${join(folder, 'backups')}:/store`;
  await run([
    'docker',
    'run',
    '--rm',
    '--network=none',
    '--user=65532',
    volume,
    '--entrypoint=/bin/sh',
    image,
    '-c',
    script,
  ]);
  await expect(readdir(join(folder, 'backups'))).resolves.toStrictEqual(['mine']);
  await writeFile(join(folder, 'sealed-secrets.json'), '[]');
  await removeShared(folder, { id: 'e2e-shared', image });
  await expect(readdir(folder)).resolves.toStrictEqual(['sealed-secrets.json']);
});

test('what cannot be begun leaves nothing', async () => {
  const before = await residue();
  const stop = new AbortController();
  const stopped = beginOffsite({
    ...options,
    id: 'e2e-stopped',
    signal: stop.signal,
    progress: (line) => {
      if (line.includes('a Git server')) stop.abort(new Error('stopped'));
    },
  });
  await expect(stopped).rejects.toMatchObject({ exit_code: 130 });
  await expect(residue()).resolves.toStrictEqual(before);

  // Something else has the name of its container.
  await run(['docker', 'create', '--name', gitContainerName('e2e-taken'), image]);
  try {
    await expect(beginOffsite({ ...options, id: 'e2e-taken' })).rejects.toMatchObject({
      exit_code: 3,
      message: expect.stringContaining('did not start'),
    });
  } finally {
    await run(['docker', 'rm', gitContainerName('e2e-taken')]);
  }
  await expect(residue()).resolves.toStrictEqual(before);
});

describe('a run that is killed leaves nothing', () => {
  test.for([
    ['a Git server off-site', ''],
    ['answers at', ''],
    ['made e2e-killed', ''],
    ['git is away', 'outage'],
  ] as const)('by SIGKILL at "%s"', async ([moment, act]) => {
    const before = await residue();
    const running = holdProgram(PROGRAM, ['e2e-killed', act]);
    await running.sees(moment);
    running.child.kill('SIGKILL');
    await running.child.exited;
    await expect.poll(residue, { timeout: HEAL_DEADLINE_MS, interval: 200 }).toStrictEqual(before);
  });

  test('by SIGINT', async () => {
    const before = await residue();
    const running = holdProgram(PROGRAM, ['e2e-killed']);
    await running.sees('made e2e-killed');
    running.child.kill('SIGINT');
    await running.child.exited;
    await expect(residue()).resolves.toStrictEqual(before);
  });

  test('while it is in a network that lives on, and a container that lives on is in its own', async () => {
    const before = await residue();
    const running = holdProgram(PROGRAM, ['e2e-killed']);
    await running.sees('made e2e-killed');
    const node = 'mettle-e2e-node';
    await run(['docker', 'run', '--detach', '--rm', '--name', node, '--entrypoint=/bin/sleep', image, '120']);
    onTestFinished(async () => void (await tryRun(['docker', 'rm', '--force', node])));
    await run(['docker', 'network', 'connect', networkName('e2e-killed'), node]);
    const network = 'mettle-e2e-joined';
    await run(['docker', 'network', 'create', network]);
    onTestFinished(async () => void (await tryRun(['docker', 'network', 'rm', network])));
    await run(['docker', 'network', 'connect', network, gitContainerName('e2e-killed')]);
    running.child.kill('SIGKILL');
    await running.child.exited;
    await expect.poll(residue, { timeout: HEAL_DEADLINE_MS, interval: 200 }).toStrictEqual(before);
    await expect(
      outputOf(['docker', 'inspect', '--format', '{{.State.Status}}', node]),
    ).resolves.toStrictEqual(['running']);
  });
});

test('the warden of a run that ends in order ends with it', async () => {
  const running = holdProgram(PROGRAM, ['e2e-ended']);
  await running.sees('made e2e-ended');
  const [pid] = await outputOf(['pgrep', '--parent', String(running.child.pid), '--full', 'warden-main']);
  running.child.kill('SIGINT');
  await running.child.exited;
  await expect.poll(() => processOf(Number(pid)), { timeout: 10_000 }).toBeUndefined();
});

test('a state folder that was never used is no obstacle', async () => {
  await mkdir(stateDir(), { recursive: true });
  await using offsite = await beginOffsite(options);
  expect(offsite.mounts).toStrictEqual([
    { host_path: offsite.backups, node_path: '/var/lib/mettle/offsite/backups' },
  ]);
});
