import { mkdtempDisposable, readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { brokeOverNetworks, lastWords, setNetworksAside } from './daemon-end.ts';

const PANIC = `time="2026-11-22T08:58:36Z" level=info msg="Loading containers: start."
panic: runtime error: index out of range [0] with length 0

goroutine 1 [running]:
github.com/docker/libnetwork.(*controller).reservePools(0x560a9434ae70?)
	/build/src/github.com/docker/libnetwork/controller.go:956 +0xb65
github.com/docker/libnetwork.New({0xc000363f00, 0x9, 0x10})`;

test.each([
  ['the panic over a network half removed', PANIC, true],
  ['the same panic elsewhere', PANIC.replace('reservePools', 'New'), false],
  ['another panic there', PANIC.replace('index out of range [0] with length 0', 'nil map'), false],
  ['a plain failure', 'failed to start daemon: timeout dialing "containerd" in reservePools()', false],
])('%s', (_, log, expected) => {
  expect(brokeOverNetworks(log)).toBe(expected);
});

test('a panic is shown from its cause on, however long its stack', () => {
  const words = lastWords(`${PANIC}\n${'main.main()\n'.repeat(40)}`);
  expect(words.split('\n')).toHaveLength(15);
  expect(words).toMatch(/^panic: runtime error/);
  expect(words).not.toContain('Loading containers');
});

test('without a panic the last lines are shown', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  expect(lastWords(`${lines.join('\n')}\n`)).toBe(lines.slice(15).join('\n'));
});

test('the networks are kept under another name', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'mettle-daemon-'));
  const files = join(folder.path, 'network', 'files');
  await mkdir(files, { recursive: true });
  await writeFile(join(files, 'local-kv.db'), 'networks');
  const kept = await setNetworksAside(folder.path);
  expect(await readdir(files)).toHaveLength(1);
  expect(await readFile(kept, 'utf8')).toBe('networks');
  expect(kept).toContain('local-kv.db.before-mettle-');
});
