import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startChild } from './child.ts';
import { run, tryRun } from './run.ts';

describe("the person's own start files", () => {
  let home = '';
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'mettle-home-'));
    for (const file of ['.bashrc', 'env'])
      await writeFile(join(home, file), 'export PATH=/elsewhere:$PATH\n');
    vi.stubEnv('HOME', home);
    vi.stubEnv('BASH_ENV', join(home, 'env'));
    // As where no shell is above this process: a service, a timer, a job of CI.
    vi.stubEnv('SHLVL', undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(home, { recursive: true, force: true });
  });

  const ASK = ['/bin/sh', '-c', 'echo "$PATH"'] as const;

  test.each(['', 'some input'])('change nothing for a command with input "%s"', async (input) => {
    await expect(run(ASK, { input })).resolves.toMatchObject({ stdout: `${process.env['PATH']}\n` });
  });

  test('change nothing for a program that runs on', async () => {
    await using child = startChild(ASK);
    expect(await text(child.stdout)).toBe(`${process.env['PATH']}\n`);
  });
});

test('a program may end without reading its input', async () => {
  const input = 'x'.repeat(4 * 1024 * 1024);
  await expect(tryRun(['/bin/sh', '-c', 'exec <&-; exit 4'], { input })).resolves.toMatchObject({
    exit_code: 4,
  });
});
