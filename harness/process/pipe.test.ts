import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { startPipe } from './pipe.ts';

test('gives the output, and how the program ended', async () => {
  await using pipe = await startPipe(['sh', '-c', 'echo "$GREETING"; echo no >&2; exit 3'], {
    GREETING: 'hello',
  });
  expect(await text(pipe.stdout)).toBe('hello\n');
  expect(await pipe.ended).toEqual({ exit_code: 3, signal: null, complaint: 'no' });
});

test('a program whose output nobody reads to its end is killed when it is given back', async () => {
  const pipe = await startPipe(['yes']);
  const pieces = pipe.stdout[Symbol.asyncIterator]();
  await pieces.next();
  await pipe[Symbol.asyncDispose]();
  expect(await pipe.ended).toMatchObject({ exit_code: null, signal: 'SIGKILL' });
});

test('a program that is not there is refused', async () => {
  const start = startPipe(['/nonexistent/program']);
  await expect(start).rejects.toThrow(UnfitError);
  await expect(start).rejects.toThrow('/nonexistent/program could not be started');
});
