import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startChild } from '#harness/process/child.ts';
import { run, tryRun } from '#harness/process/run.ts';

/** The real program makes a cluster for a person. */
const MAIN = join(import.meta.dirname, 'main.ts');

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'mettle-state-'));
});
afterEach(async () => {
  // What a test that failed half-way has made is owed by its own state folder, and goes before the folder does.
  await mettle('cleanup', '--all');
  rmSync(state, { recursive: true, force: true });
});

const env = (): Record<string, string> => ({ XDG_STATE_HOME: state, CI: 'true' });

async function mettle(...args: readonly string[]): Promise<{ text: string; exit_code: number | null }> {
  const { stdout, stderr, exit_code } = await tryRun([process.execPath, MAIN, ...args], {
    env: env(),
    timeout_s: 300,
  });
  return { text: `${stdout}${stderr}`, exit_code };
}

async function containers(name: string): Promise<string> {
  const filter = `label=io.x-k8s.kind.cluster=${name}`;
  return (await run(['docker', 'ps', '--all', '--quiet', '--filter', filter])).stdout.trim();
}

test('a cluster that is not to be kept is there until Ctrl-C, with the parts that were asked for', async () => {
  const name = `mettle-brief${process.pid}`;
  await using child = startChild([process.execPath, MAIN, 'cluster', 'create', name, '--stack', 'chat'], {
    env: env(),
  });
  const said: Record<'out' | 'err', string[]> = { out: [], err: [] };
  createInterface({ input: child.stdout }).on('line', (line) => said.out.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => said.err.push(line));
  // Two streams: what is printed on one may be read before what was printed earlier on the other.
  const chat = /^chat +(http:\S+)/m;
  const there = (): boolean =>
    chat.test(said.out.join('\n')) && said.err.some((line) => line.includes('until you end this command'));
  await expect.poll(there, { timeout: 180_000 }).toBe(true);
  const address = chat.exec(said.out.join('\n'))?.[1] ?? '';
  // The port of a node answers a moment after its pod is ready.
  const answer = async (): Promise<number> => (await fetch(`${address}/healthz`)).status;
  await expect.poll(() => answer().catch(String), { timeout: 20_000 }).toBe(200);
  expect(said.out.join('\n')).toContain(`export KUBECONFIG=${state}`);
  expect(said.out.join('\n')).not.toMatch(/^prometheus/m);
  child.kill('SIGINT');
  const { exit_code } = await child.exited;
  expect(said.err.at(-1)).toMatch(/^exit 130/);
  expect(exit_code).toBe(130);
  expect(await containers(name)).toBe('');
});

test('a cluster that is kept outlives the command, and its name is taken', async () => {
  const name = `mettle-kept${process.pid}`;
  try {
    const made = await mettle('cluster', 'create', name, '--stack', 'chat', '--keep');
    expect(made.text).toContain(`exit 0 (pass): made ${name}`);
    expect((await mettle('cluster', 'list')).text).toMatch(new RegExp(`^${name} +kept`, 'm'));
    const again = await mettle('cluster', 'create', name, '--stack', 'chat');
    expect(again).toMatchObject({ exit_code: 3 });
    expect(again.text).toContain(`There is a cluster ${name} already`);
  } finally {
    await mettle('cluster', 'delete', name);
  }
  expect(await containers(name)).toBe('');
});

test.each([
  [['--with', 'flagger=0.0.1'], 64, 'Locked versions of flagger: 1.44.0'],
  [['--stack', 'flager'], 64, 'Did you mean flagger?'],
  [['--port', 'gateway=0'], 64, 'is no port'],
])('nothing is made for %j', async (args, exit_code, text) => {
  const refused = await mettle('cluster', 'create', 'never', ...args);
  expect(refused.exit_code).toBe(exit_code);
  expect(refused.text).toContain(text);
  expect(await containers('mettle-never')).toBe('');
});
