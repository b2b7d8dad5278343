import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { run } from '#harness/process/run.ts';
import { findGo, goSuffices, parseGoVersion, requireGo } from './go-build.ts';
import { LOCKS } from './places.ts';

describe('the Go on the PATH', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mettle-go-'));
    vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  async function goSays(text: string): Promise<void> {
    await writeFile(join(folder, 'go'), `#!/bin/sh\necho '${text}'\n`);
    await chmod(join(folder, 'go'), 0o755);
  }

  test('is refused when it is too old, with its version and the fix', async () => {
    await goSays('go version go1.19.8 linux/amd64');
    const refused = requireGo();
    await expect(refused).rejects.toThrow(UnfitError);
    await expect(refused).rejects.toThrow(/go1\.19\.8 linux\/amd64, which is too old/);
    await expect(refused).rejects.toMatchObject({ next: expect.stringContaining('Install Go 1.26') });
  });

  test('is taken when it is new enough, and its version counts whole', async () => {
    await goSays('go version go1.27.3 linux/arm64');
    expect(await requireGo()).toEqual({ path: join(folder, 'go'), version: 'go1.27.3 linux/arm64' });
  });

  test('that says something else is none', async () => {
    await goSays('The board game');
    expect(await findGo()).toBeUndefined();
    await expect(requireGo()).rejects.toMatchObject({
      exit_code: 3,
      next: expect.stringContaining('Install Go 1.26'),
    });
  });
});

test.each([
  ['go version go1.26.8 linux/amd64', 'go1.26.8 linux/amd64'],
  ['go version go1.27rc1 linux/arm64\n', 'go1.27rc1 linux/arm64'],
  ['go1.26.8', undefined],
  ['', undefined],
])('%j names the toolchain %j', (text, version) => {
  expect(parseGoVersion(text)).toBe(version);
});

test.each([
  ['go1.26.0 linux/amd64', true],
  ['go1.30 linux/amd64', true],
  ['go2.0 linux/amd64', true],
  ['go1.25.9 linux/amd64', false],
  ['go1.3 linux/amd64', false],
])('%s suffices: %s', (version, suffices) => {
  expect(goSuffices(version)).toBe(suffices);
});

test("runc-fit's own tests pass", { timeout: 120_000 }, async () => {
  const { stdout } = await run(['go', 'test', '-count=1', './...'], {
    cwd: join(LOCKS, 'runc-fit'),
    env: { GOFLAGS: '' },
  });
  expect(stdout).toMatch(/^ok\s+mettle\.dev\/images\/runc-fit/m);
});
