import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** A checkout in a path with spaces, whose npm is a script that installs this test's own Node. */
let folder = '';
let root = '';
let bin = '';

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mettle bootstrap '));
  root = join(folder, 'a checkout');
  bin = join(folder, 'bin');
  mkdirSync(join(root, 'harness/cli'), { recursive: true });
  mkdirSync(bin);
  for (const name of ['mettle', 'test', 'bootstrap.sh']) {
    cpSync(join(import.meta.dirname, name), join(root, 'scripts', name));
  }
  writeFileSync(join(root, 'package-lock.json'), '{}');
  const print =
    'process.stdout.write(JSON.stringify({ args: process.argv.slice(2), path: process.env.PATH }));';
  writeFileSync(join(root, 'harness/cli/main.ts'), `${print} process.exitCode = 42;`);
  writeFileSync(join(root, 'scripts/test.ts'), print);
  script(
    join(bin, 'npm'),
    [
      `echo "$*" >> '${join(folder, 'npm.log')}'`,
      'echo noise of npm',
      'rm -rf node_modules && mkdir -p node_modules/.bin',
      `ln -s '${process.execPath}' node_modules/.bin/node`,
      'echo {} > node_modules/.package-lock.json',
    ].join('\n'),
  );
  symlinkSync(process.execPath, join(bin, 'node'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function start(path: string, args: readonly string[], PATH = `${bin}:/usr/bin:/bin`) {
  const { status, stdout, stderr } = spawnSync(path, args, { cwd: '/', encoding: 'utf8', env: { PATH } });
  return { status, stdout, stderr };
}

function installations(): number {
  try {
    return readFileSync(join(folder, 'npm.log'), 'utf8').trim().split('\n').length;
  } catch {
    return 0;
  }
}

const mettle = (...args: readonly string[]) => start(join(root, 'scripts/mettle'), args);

describe('without libraries', () => {
  test('nothing is changed, and the command is named', () => {
    const { status, stdout, stderr } = mettle('doctor', '--', '--install');
    expect(status).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain(`run: (cd '${root}' && npm ci)`);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^exit 3 \(not fit\): /);
    expect(installations()).toBe(0);
  });

  test('with consent they are installed once, and standard output is the program’s alone', () => {
    const first = mettle('run', 'a b', '--install');
    expect(first.status).toBe(42);
    expect(first.stderr).toContain('installing the libraries');
    expect(JSON.parse(first.stdout)).toStrictEqual({
      args: ['run', 'a b', '--install'],
      path: expect.stringMatching(new RegExp(`^${root}/node_modules/.bin:`)),
    });
    expect(mettle('list', '--install').stderr).toBe('');
    expect(installations()).toBe(1);
  });

  test.for([
    ['node', 'there is no Node.js'],
    ['npm', 'there is no npm'],
  ])('and without %s the missing program is named', ([program = '', reason = '']) => {
    rmSync(join(bin, program));
    // Only what the bootstrap itself uses, so that the machine's own Node and npm are not found.
    for (const tool of ['sh', 'dirname', 'readlink', 'sha256sum', 'cat', 'uname']) {
      symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
    }
    const { status, stderr } = start(join(root, 'scripts/mettle'), ['run', '--install'], bin);
    expect(status).toBe(3);
    expect(stderr).toContain(reason);
  });

  test('a failing npm is reported', () => {
    script(join(bin, 'npm'), 'echo no network >&2; exit 7');
    const { status, stderr } = mettle('run', '--install');
    expect(status).toBe(3);
    expect(stderr).toMatch(/no network[^]*npm ci did not succeed/);
  });
});

describe('with libraries', () => {
  beforeEach(() => {
    mettle('--install');
  });

  test('every way to the program leads there', () => {
    symlinkSync(join(root, 'scripts/mettle'), join(folder, 'link to mettle'));
    expect(start(join(folder, 'link to mettle'), ['x']).status).toBe(42);
    expect(start(join(root, 'scripts/test'), ['--only', 'unit']).stdout).toContain('["--only","unit"]');
  });

  test('a changed lock asks for consent again', () => {
    writeFileSync(join(root, 'package-lock.json'), '{"changed": true}');
    const later = new Date(Date.now() + 10_000);
    utimesSync(join(root, 'package-lock.json'), later, later);
    expect(mettle('list').status).toBe(3);
    expect(mettle('list', '--install').status).toBe(42);
    expect(mettle('list').status).toBe(42);
    expect(installations()).toBe(2);
  });

  test('libraries that npm itself installed count', () => {
    const earlier = new Date(Date.now() - 10_000);
    writeFileSync(join(root, 'package-lock.json'), '{"changed": true}');
    utimesSync(join(root, 'package-lock.json'), earlier, earlier);
    expect(mettle('list').status).toBe(42);
    expect(installations()).toBe(1);
  });
});

test('a signal reaches the program itself', () => {
  writeFileSync(
    join(root, 'harness/cli/main.ts'),
    'process.kill(process.ppid === 0 ? 0 : process.pid, "SIGTERM"); setTimeout(() => {}, 5000);',
  );
  const { signal } = spawnSync(join(root, 'scripts/mettle'), ['--install'], {
    env: { PATH: `${bin}:/usr/bin:/bin` },
  });
  expect(signal).toBe('SIGTERM');
});
