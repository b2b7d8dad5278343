import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startChild } from '#harness/process/child.ts';
import { run } from '#harness/process/run.ts';

/** The real program is stopped in the middle of a run; afterwards nothing of that run may be left. */
const MAIN = join(import.meta.dirname, 'main.ts');

/** The README's promise for a run that is killed. */
const WARDEN_BUDGET_S = 30;

let state: string;

beforeEach(() => {
  // A state folder of its own keeps receipts apart from those of other runs; the image cache is shared.
  state = mkdtempSync(join(tmpdir(), 'mettle-state-'));
});

afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

/** What a run could leave behind on this machine. */
async function residue(): Promise<readonly string[]> {
  const containers = await run(['docker', 'ps', '--all', '--format', 'container {{.Names}}']);
  const networks = await run(['docker', 'network', 'ls', '--format', 'network {{.Name}}']);
  const volumes = await run(['docker', 'volume', 'ls', '--quiet']);
  const processes = await run(['ps', '-eo', 'args']);
  const generators = processes.stdout.split('\n').filter((line) => /\/k6 run /.test(line));
  return [
    ...containers.stdout.split('\n'),
    ...networks.stdout.split('\n'),
    ...volumes.stdout.split('\n').map((volume) => (volume ? `volume ${volume}` : '')),
    ...generators.map(() => 'k6'),
  ].filter(Boolean);
}

/** Receipts and kubeconfigs that are still in the state folder. */
function owed(): readonly string[] {
  return readdirSync(state, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(receipts|clusters)\/[^/]+$/.test(path),
  );
}

const ALONE = ['rollback/flagger-error-rate'];
const SIDE_BY_SIDE = ['rollback/flagger-good-release', 'stack/zero-downtime'];

/** Starts a run and gives it back once it prints a line that matches. */
async function runUntil(line: RegExp, scenarios: readonly string[] = ALONE) {
  const child = startChild([process.execPath, MAIN, 'run', ...scenarios], {
    env: { XDG_STATE_HOME: state, CI: 'true' },
  });
  const lines: string[] = [];
  const seen = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => {
      lines.push(text);
      if (line.test(text)) seen.resolve();
    });
  }
  const early = child.exited.then(({ exit_code }) => {
    throw new Error(`the run ended with ${String(exit_code)} before "${line.source}":\n${lines.join('\n')}`);
  });
  await Promise.race([seen.promise, early]);
  early.catch(() => undefined);
  return { child, lines };
}

async function untilNothingIsLeft(before: readonly string[], deadline_s: number): Promise<readonly string[]> {
  const end = Date.now() + deadline_s * 1000;
  for (;;) {
    const left = [...(await residue()).filter((one) => !before.includes(one)), ...owed()];
    if (left.length === 0 || Date.now() > end) return left;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

describe('Ctrl-C cleans up and exits 130', () => {
  type Moment = readonly [when: string, line: RegExp, scenarios: readonly string[]];
  async function cleansUp([, line, scenarios]: Moment): Promise<void> {
    const before = await residue();
    const { child, lines } = await runUntil(line, scenarios);
    child.kill('SIGINT');
    const { exit_code } = await child.exited;
    expect(lines.at(-1)).toMatch(/^exit 130 \(interrupted\): /);
    expect(exit_code).toBe(130);
    expect(await untilNothingIsLeft(before, 0)).toEqual([]);
  }
  test.for<Moment>([
    ['while the cluster is made', /creating mettle-/, ALONE],
    ['with two scenarios side by side', /zero-downtime \| waiting for the steady state/, SIDE_BY_SIDE],
  ])('%s', cleansUp);
  test.for<Moment>([
    ['while the stack is installed', /installing traefik/, ALONE],
    ['while the shop is deployed', /deploying the shop/, ALONE],
    ['under load', /waiting for the rollback/, ALONE],
  ])('%s', { tags: ['nightly'] }, cleansUp);
});

describe('a run that is killed', () => {
  type Moment = readonly [when: string, line: RegExp];
  async function leavesNothing([, line]: Moment): Promise<void> {
    const before = await residue();
    const { child } = await runUntil(line);
    child.kill('SIGKILL');
    await child.exited;
    expect(await untilNothingIsLeft(before, WARDEN_BUDGET_S)).toEqual([]);
  }
  test.for<Moment>([['under load', /waiting for the rollback/]])(
    '%s leaves nothing after half a minute',
    leavesNothing,
  );
  test.for<Moment>([['while the cluster is made', /creating mettle-/]])(
    '%s leaves nothing after half a minute',
    { tags: ['nightly'] },
    leavesNothing,
  );
});
