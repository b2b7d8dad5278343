import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startChild } from './child.ts';

describe('startChild', () => {
  it('gives the process id of the program itself and passes arguments as they are', async () => {
    await using child = startChild([
      process.execPath,
      '-e',
      'console.log(process.pid, process.ppid, process.argv[1])',
      '$HOME *',
    ]);
    expect(await text(child.stdout)).toBe(`${child.pid} ${process.pid} $HOME *\n`);
    expect(await child.exited).toEqual({ exit_code: 0, signal: null });
    expect(child.kill('SIGTERM')).toBe(false);
  });

  it('hides variables of the environment and adds others', async () => {
    process.env['METTLE_TEST_HIDDEN'] = 'seen';
    await using child = startChild(
      [process.execPath, '-e', 'console.log(process.env.METTLE_TEST_HIDDEN, process.env.METTLE_TEST_ADDED)'],
      { hide_env: /^METTLE_TEST_H/, env: { METTLE_TEST_ADDED: 'added' } },
    );
    expect(await text(child.stdout)).toBe('undefined added\n');
    delete process.env['METTLE_TEST_HIDDEN'];
  });

  it('gives every thread of the program its niceness', async () => {
    const threads = `
      const fs = require('node:fs');
      const niceness = (id) => fs.readFileSync('/proc/self/task/' + id + '/stat', 'utf8').split(') ')[1].split(' ')[16];
      console.log([...new Set(fs.readdirSync('/proc/self/task').map(niceness))].join());
    `;
    await using child = startChild([process.execPath, '-e', threads], { niceness: 7 });
    expect(await text(child.stdout)).toBe('7\n');
  });

  it('tells the signal that ended the program', async () => {
    await using child = startChild(['sleep', '60']);
    expect(child.kill('SIGTERM')).toBe(true);
    expect(await child.exited).toEqual({ exit_code: null, signal: 'SIGTERM' });
  });

  it('kills the program when it is given back', async () => {
    let exited: Promise<unknown> = Promise.resolve();
    {
      await using child = startChild(['sleep', '60']);
      ({ exited } = child);
    }
    expect(await exited).toEqual({ exit_code: null, signal: 'SIGKILL' });
  });

  it('reports a program that does not exist by its exit code', async () => {
    await using child = startChild(['/nonexistent/program']);
    expect(await child.exited).toEqual({ exit_code: 127, signal: null });
  });
});
