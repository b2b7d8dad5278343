import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

const MODULE = new URL('./thread-niceness.ts', import.meta.url).href;

/** Sets it in a thread of its own, which tells what the kernel keeps of it. */
const THREAD = `
const { parentPort } = require('node:worker_threads');
const { readFileSync } = require('node:fs');
import(${JSON.stringify(MODULE)}).then(({ setThreadNiceness }) => {
  const done = setThreadNiceness(7);
  parentPort.postMessage([done, readFileSync('/proc/thread-self/stat', 'utf8').split(') ')[1].split(' ')[16]]);
});
`;

test('a thread is given its niceness, and no other one', async () => {
  const before = getPriority();
  const told = await new Promise<unknown>((resolve, reject) => {
    const worker = new Worker(THREAD, { eval: true });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  expect(told).toStrictEqual([true, '7']);
  expect(getPriority()).toBe(before);
  expect(readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]).toBe(
    String(before),
  );
});
