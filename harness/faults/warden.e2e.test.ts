import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import { deleteCluster, listClusters } from '#harness/cluster/clusters.ts';
import { guardCluster } from '#harness/cluster/guard.ts';
import { NODE_PORTS } from '#harness/cluster/types.ts';
import { RefusedError } from '#harness/core/errors.ts';
import { type Artifacts, prepareArtifacts } from '#harness/images/artifacts.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { stateDir } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import { type HeldProgram, holdProgram } from '#harness/process/testing/held-program.ts';
import { sweep } from './sweep.ts';

useFreshState();

const PROGRAM = join(import.meta.dirname, '../cluster/testing/hold-cluster.ts');
/** Promise of DESIGN: the warden removes a killed run's cluster within 30 s. */
const HEAL_DEADLINE_MS = 30_000;

const Made = v.object({
  name: v.string(),
  uid: v.string(),
  api_server: v.string(),
  kubeconfig: v.string(),
  ports: v.record(v.string(), v.number()),
});

let artifacts: Artifacts;
beforeAll(async () => {
  artifacts = await prepareArtifacts({
    mode: 'auto',
    images: [],
    definitions: [],
    progress: () => undefined,
  });
});

function startRun(): HeldProgram {
  return holdProgram(PROGRAM, [JSON.stringify(artifacts)]);
}

async function made(running: HeldProgram): Promise<v.InferOutput<typeof Made>> {
  const line = await running.sees('made {');
  return v.parse(Made, JSON.parse(line.slice('made '.length)));
}

async function outputOf(command: readonly string[]): Promise<readonly string[]> {
  return (await run(command)).stdout.split('\n').filter(Boolean).sort();
}

/** Other clusters may come and go meanwhile. */
function ours(line: string): boolean {
  return line.includes('mettle-');
}

/** Everything that a cluster of Mettle's adds to a machine. */
async function residue(): Promise<object> {
  const files = await readdir(stateDir(), { recursive: true }).catch(() => []);
  return {
    containers: (await outputOf(['docker', 'ps', '--all', '--format', '{{.Names}}'])).filter(ours),
    networks: (await outputOf(['docker', 'network', 'ls', '--format', '{{.Name}}'])).filter(ours),
    volumes: await outputOf(['docker', 'volume', 'ls', '--quiet']),
    files: files.filter((file) => ours(file) || file.startsWith('receipts/')).sort(),
    kubeconfig: await readFile(join(process.env['HOME'] ?? '', '.kube/config'), 'utf8').catch(() => ''),
  };
}

describe('a run that is killed leaves nothing', () => {
  test.for(['Ensuring node image', 'Starting control-plane', 'made {'])(
    'by SIGKILL at "%s"',
    async (moment) => {
      const before = await residue();
      const running = startRun();
      await running.sees(moment);
      running.child.kill('SIGKILL');
      await running.child.exited;
      await expect.poll(residue, { timeout: HEAL_DEADLINE_MS, interval: 200 }).toStrictEqual(before);
    },
  );

  test.for(['Preparing nodes', 'made {'])('by SIGINT at "%s"', async (moment) => {
    const before = await residue();
    const running = startRun();
    await running.sees(moment);
    running.child.kill('SIGINT');
    await running.child.exited;
    // The run cleans up itself, before it ends.
    await expect(residue()).resolves.toStrictEqual(before);
  });
});

test('two runs live side by side; when one dies with its warden the next start removes its cluster alone', async () => {
  const before = await residue();
  const doomed = startRun();
  const living = startRun();
  const [left, right] = await Promise.all([made(doomed), made(living)]);
  expect(new Set([...Object.values(left.ports), ...Object.values(right.ports)]).size).toBe(
    2 * Object.keys(NODE_PORTS).length,
  );
  await expect(guardCluster(left)).resolves.toMatchObject({ uid: left.uid });
  await expect(guardCluster(right)).resolves.toMatchObject({ uid: right.uid });

  // An edited kubeconfig, and a record led astray to a look-alike with a marker of its own.
  const own = await readFile(right.kubeconfig, 'utf8');
  const record = join(stateDir(), 'clusters', `${right.name}.json`);
  const recorded = await readFile(record, 'utf8');
  await writeFile(right.kubeconfig, await readFile(left.kubeconfig, 'utf8'));
  await expect(guardCluster(right)).rejects.toThrow(RefusedError);
  await writeFile(record, recorded.replaceAll(right.api_server, left.api_server));
  await expect(guardCluster({ name: right.name })).rejects.toThrow('it is another cluster');
  await writeFile(right.kubeconfig, own);
  await writeFile(record, recorded);
  await expect(guardCluster(right)).resolves.toMatchObject({ name: right.name });

  const [warden] = await outputOf(['pgrep', '--parent', String(doomed.child.pid), '--full', 'warden-main']);
  process.kill(Number(warden), 'SIGKILL');
  doomed.child.kill('SIGKILL');
  await doomed.child.exited;
  const states = (await listClusters()).map(({ name, state }) => [name, state]);
  expect(Object.fromEntries(states)).toStrictEqual({ [left.name]: 'left', [right.name]: 'in use' });
  const swept = (await sweep()).map(({ subject, outcome }) => [subject, outcome]);
  expect(Object.fromEntries(swept)).toStrictEqual({
    [`cluster ${left.name}`]: 'removed',
    [`cluster ${right.name}`]: 'in use',
  });
  await expect(guardCluster(right)).resolves.toMatchObject({ name: right.name });
  await expect(deleteCluster(right.name)).rejects.toThrow('in use by the run');

  living.child.kill('SIGINT');
  await living.child.exited;
  await expect(residue()).resolves.toStrictEqual(before);
});
