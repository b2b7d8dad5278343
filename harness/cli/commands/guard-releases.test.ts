import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  checksOf,
  guardedProgram,
  QUICK,
  releaseLogs,
  RELEASES_CHECKED,
  PASSWORD_REMOVED,
} from '../testing/guarded.ts';
import type { Ended, Program } from '../testing/program.ts';

const RELEASE = `${process.execPath} ${join(import.meta.dirname, '../../database/workload/testing/release-program.ts')}`;

let program: Program;

beforeAll(() => {
  program = guardedProgram();
  program.write('rename.sql', 'ALTER TABLE users RENAME COLUMN name TO full_name;\n');
});

afterAll(() => {
  program[Symbol.dispose]();
});

/** Of all processes of this machine. */
function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        // It has ended meanwhile.
        return '';
      }
    });
}

const guard = (up: string, ...more: readonly string[]): Promise<Ended> =>
  program.run('guard', up, ...QUICK, '--format', 'json', ...more);

describe('releases that are programs', { timeout: 180_000 }, () => {
  test('work before, during and after a migration that they do not mind; what they wrote is kept without secrets', async () => {
    const both = ['old', 'new'].flatMap((side) => [`--${side}`, 'users.http', `--${side}-command`, RELEASE]);
    const ended = await guard('add.sql', ...both);
    expect(ended.err).toMatch(/exit 0 \(pass\)/);
    expect(checksOf(ended, 'pass')).toEqual(expect.arrayContaining([...RELEASES_CHECKED, 'workload-ran']));
    for (const log of releaseLogs(program)) expect(log).toMatch(PASSWORD_REMOVED);
  });

  test('that need a column which is renamed fail after it, and the answers say so', async () => {
    const ended = await guard('rename.sql', '--old', 'users.http', '--old-command', RELEASE);
    expect(ended.code).toBe(1);
    expect(checksOf(ended, 'fail')).toContain('old-release-after');
    expect(ended.out).toMatch(/was answered with 500/);
  });

  test('lose what they write between the copy of a table and the swap, and the verdict says which rows', async () => {
    program.write(
      'swap.sql',
      `CREATE TABLE users_new (LIKE users INCLUDING ALL);
INSERT INTO users_new OVERRIDING SYSTEM VALUE SELECT * FROM users;
SELECT pg_sleep(0.5);
ALTER TABLE users RENAME TO users_old;
ALTER TABLE users_new RENAME TO users;
`,
    );
    const ended = await guard('swap.sql', '--old', 'users.http', '--old-command', RELEASE);
    expect(ended.code).toBe(1);
    expect(checksOf(ended, 'fail')).toContain('writes-kept');
    expect(ended.out).toMatch(/public\.users: \d+ rows? written and not there, for example id=\d+/);
    expect(checksOf(ended, 'pass')).toEqual(expect.arrayContaining(['rows-kept', 'values-kept']));
  });

  test('may be started by a line of shell; nothing of it is left', async () => {
    const marker = `left-of-${process.pid}`;
    mkdirSync(join(program.folder, 'app'));
    const line = `cd app && test "$(basename "$PWD")" = app && MARKED=yes ${RELEASE} ${marker} & wait`;
    const ended = await guard('add.sql', '--old', 'users.http', '--old-command', line);
    expect(ended.err).toMatch(/exit 0 \(pass\)/);
    await expect
      .poll(() => commandLines().filter((one) => one.includes(marker)), { timeout: 5_000 })
      .toEqual([]);
    const assigned = await guard('add.sql', '--old', 'users.http', '--old-command', `MARKED=yes ${RELEASE}`);
    expect(assigned.err).toMatch(/exit 0 \(pass\)/);
  });

  test('that do not serve leave open what rests on them, with their last words', async () => {
    const ended = await guard('add.sql', '--old', 'users.http', '--old-command', `${RELEASE} fail`);
    expect(ended.err).toMatch(/exit 2 \(inconclusive\)/);
    expect(ended.code).toBe(2);
    expect(ended.out).toMatch(/exited with 7 before it served on \$PORT; it wrote:/);
    expect(checksOf(ended, 'inconclusive')).toContain('old-release-during');
  });
});

describe('a release that cannot be meant', { timeout: 60_000 }, () => {
  test.each([
    [['--old-command', 'shop'], /--old-command needs the requests/],
    [['--new-image', 'shop:42'], /--new-image needs the requests/],
    [
      ['--old', 'users.http', '--old-command', 'shop', '--old-image', 'shop:41'],
      /either a command or an image/,
    ],
    [
      ['--old', 'users.http', '--old-command', 'shop', '--old-port', '80'],
      /--old-port is the port of an image/,
    ],
    [['--old-port', 'http'], /--old-port/],
    [['--env', '1X=2'], /It must be NAME=value or NAME/],
    [['--env', 'METTLE_IS_NOT_SET'], /METTLE_IS_NOT_SET is not set here/],
  ] as const)('%j', async (flags, says) => {
    const ended = await program.run('guard', 'add.sql', '--rows', '10', ...flags);
    expect(ended.err).toMatch(says);
    expect(ended.code).toBe(64);
  });
});
