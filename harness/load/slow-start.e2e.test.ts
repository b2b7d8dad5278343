import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { expect, it } from 'vitest';
import { loadSelfCheck } from '#harness/judge/load-self-check.ts';
import { judgeable, MemoryRecorder, realGenerator, startShop } from './testing/real-load.ts';

const { load } = realGenerator();

/** How long nobody gets an answer when the load begins. */
const HELD_MS = 600;

/** Leads to a port of this machine, from some time after the first connection on. */
async function slowToBegin(target: number): Promise<AsyncDisposable & { readonly url: string }> {
  let held: Promise<void> | undefined;
  const pass = async (socket: Socket): Promise<void> => {
    held ??= delay(HELD_MS);
    await held;
    const onward = connect(target, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => end.destroy());
    socket.pipe(onward).pipe(socket);
  };
  const proxy = createServer((socket) => void pass(socket));
  const port = await getPort({ host: '127.0.0.1' });
  proxy.listen(port, '127.0.0.1');
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void proxy.close() };
}

it('takes slow first answers for no higher rate afterwards', async () => {
  await using shop = await startShop('good');
  await using proxy = await slowToBegin(Number(new URL(shop.url).port));
  const recorder = new MemoryRecorder();
  await using running = await load('steady-300', proxy.url, recorder);
  await judgeable(running);
  await running.stop();
  const [started] = recorder.timeline.of('load', 'started');
  const first_answer_at = Math.min(...recorder.series.map(({ first_at }) => first_at));
  expect(first_answer_at - (started?.at ?? 0)).toBeGreaterThan(HELD_MS);
  // How late the generator was is the machine's affair; what it sent is not.
  const error_pct = /requests\/s \(([+-][\d.]+) %\)/.exec(
    loadSelfCheck(recorder.timeline).measured ?? '',
  )?.[1];
  expect(Math.abs(Number(error_pct))).toBeLessThan(0.5);
});
