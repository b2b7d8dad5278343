import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAlive, parseOwner, processOf, sameOwner, startTimeOf, thisProcess } from './owner.ts';

test('the start time is field 22, whatever the program is called', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), fc.nat(), (name, start) => {
      const before = Array.from({ length: 18 }, (_, index) => String(index));
      const stat = `42 (${name.replaceAll('\n', ' ')}) S ${before.join(' ')} ${start} 0 0 0`;
      expect(startTimeOf(stat)).toBe(String(start));
    }),
  );
});

test('a process is alive until it ends, and its number alone is not enough', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const owner = await processOf(child.pid ?? 0);
  if (owner === undefined) throw new Error('the child is not to be seen');
  await expect(isAlive(owner)).resolves.toBe(true);
  await expect(isAlive({ ...owner, start_time: '1' })).resolves.toBe(false);
  await expect(isAlive({ ...owner, boot_id: 'another boot' })).resolves.toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect(isAlive(owner)).resolves.toBe(false);
});

test('an owner survives being written down', async () => {
  const self = await thisProcess();
  expect(sameOwner(parseOwner(JSON.stringify(self)), self)).toBe(true);
  expect(() => parseOwner('{"pid":"1"}')).toThrow('Expected number');
});
