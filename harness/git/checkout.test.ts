import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { CommandError, run } from '#harness/process/run.ts';
import { beginRepository, type GitRemote } from './checkout.ts';

const SECRET = 'do-not-print-me';
let folder: string;
let remote: GitRemote;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-git-test-'));
  await run(['git', 'init', '--quiet', '--bare', '--initial-branch=main', join(folder, 'shop.git')]);
  remote = { url: `file://${join(folder, 'shop.git')}`, username: 'mettle', password: SECRET };
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function onServer(...args: readonly string[]): Promise<string> {
  return (await run(['git', '-C', join(folder, 'shop.git'), ...args])).stdout.trim();
}

describe('a repository that is pushed to a server', () => {
  test('holds what was committed, and says which revision it is', async () => {
    await using repository = await beginRepository(remote);
    const first = await repository.push({
      message: 'First',
      files: { 'apps/shop/a.yaml': 'a: 1\n', b: '2' },
    });
    expect(first.commit).toMatchObject({
      branch: 'main',
      message: 'First',
      files: ['apps/shop/a.yaml', 'b'],
    });
    expect(await onServer('rev-parse', 'main')).toBe(first.commit.revision);
    const second = await repository.push({
      message: 'Second',
      files: { b: null },
      author: { name: 'Ada', email: 'ada@mettle.test' },
    });
    expect(second.commit).toMatchObject({ author: 'Ada <ada@mettle.test>', files: ['b'] });
    expect(await onServer('ls-tree', '-r', '--name-only', 'main')).toBe('apps/shop/a.yaml');
  });

  test('tells its history from the first commit on, with the changes', async () => {
    await using repository = await beginRepository(remote);
    await repository.push({ message: 'First', files: { a: 'one\n' } });
    await repository.push({ message: 'Second', files: { a: 'two\n' } });
    const history = await repository.history();
    expect(history.indexOf('First')).toBeLessThan(history.indexOf('Second'));
    expect(history).toContain('-one\n+two');
    expect(history).not.toContain(SECRET);
  });

  test('is not disturbed by the variables of a hook that Mettle was started from', async () => {
    process.env['GIT_DIR'] = '/nowhere';
    process.env['GIT_INDEX_FILE'] = '/nowhere/index';
    try {
      await using repository = await beginRepository(remote);
      await expect(repository.push({ message: 'First', files: { a: '1' } })).resolves.toBeDefined();
    } finally {
      delete process.env['GIT_DIR'];
      delete process.env['GIT_INDEX_FILE'];
    }
  });

  test('refuses paths outside itself, and a change that changes nothing', async () => {
    await using repository = await beginRepository(remote);
    await expect(repository.push({ message: 'x', files: { '../out': '' } })).rejects.toThrow(UsageError);
    await expect(repository.push({ message: 'x', files: { '.git/config': '' } })).rejects.toThrow(UsageError);
    await repository.push({ message: 'First', files: { a: '1' } });
    await expect(repository.push({ message: 'Again', files: { a: '1' } })).rejects.toThrow(/changes nothing/);
  });

  test('says what the server said, and never the token', async () => {
    await using repository = await beginRepository({ ...remote, url: 'http://127.0.0.1:1/git/shop.git' });
    const pushed = repository.push({ message: 'First', files: { a: '1' } });
    const error: unknown = await pushed.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandError);
    expect(String(error)).toContain('127.0.0.1:1');
    const encoded = Buffer.from(`mettle:${SECRET}`).toString('base64');
    expect(JSON.stringify(error) + String(error)).not.toMatch(new RegExp(`${SECRET}|${encoded}`));
  });
});
