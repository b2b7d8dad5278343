import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { describe, expect, it } from 'vitest';
import { READ_ONLY_GROUP } from '#harness/core/read-only-answer.ts';
import { orderFates } from '#harness/core/order-fates.ts';
import { loadSelfCheck } from '#harness/judge/load-self-check.ts';
import { startChild } from '#harness/process/child.ts';
import { startLoad } from './load.ts';
import type { LoadEnd, RunningLoad } from './running.ts';
import { steadyState } from './steady.ts';
import { judgeable, MemoryRecorder, realGenerator, type Shop, startShop } from './testing/real-load.ts';

/** The real generator against the real shop. */

const generator = realGenerator();
const { load } = generator;

/** Whether a process exists and is not just waiting for its parent to take note of its end. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: X');
  return !/^State:\s+[XZ]/m.test(status);
}

/** Waits until so many seconds of load more are measured. */
async function more(running: RunningLoad, seconds: number): Promise<void> {
  const from = running.recent.at(-1)?.from ?? 0;
  await running.waitUntil(
    (recent) => {
      const measured = recent.filter((second) => second.from > from).length;
      return { met: measured >= seconds, seen: `${measured} s` };
    },
    { awaited: `${seconds} s of load`, deadline_s: 60 },
  );
}

/** Records what the shop holds, as a run does after its load. A release that fails half of its answers is asked again. */
async function recordHeld({ url }: Shop, recorder: MemoryRecorder): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: 10 }, async () => await fetch(`${url}/orders?limit=10000`)),
  );
  const good = answers.find(({ status }) => status === 200);
  const { orders }: { orders: { id: string; content_hash: string }[] } = JSON.parse(
    (await good?.text()) ?? '',
  );
  recorder.record({ source: 'database', kind: 'held_orders', subject: 'shop', data: { orders } });
}

describe('the load generator', () => {
  it('remembers every order, with the hash that the shop holds it by', async () => {
    await using shop = await startShop('errors-50');
    const recorder = new MemoryRecorder();
    await using running = await load('steady-300', shop.url, recorder, true);
    await judgeable(running);
    await running.stop();
    await recordHeld(shop, recorder);
    const fates = orderFates(recorder.timeline);
    const placed = (fates?.accepted.length ?? 0) + (fates?.refused.length ?? 0);
    const asked = recorder.series
      .filter(({ route }) => route === '/orders')
      .reduce((sum, { count }) => sum + count, 0);
    expect(placed).toBe(asked);
    expect(fates?.refused.length).toBeGreaterThan(0);
    expect(fates).toMatchObject({
      unknown: [],
      held: { lost: [], changed: [], refused: [], strangers: [], count: fates?.accepted.length },
    });
  });

  it('counts writes that a shop refuses because it is read-only apart from those that it loses', async () => {
    const mode_file = join(generator.folder, 'mode.yaml');
    await using shop = await startShop('database-errors', undefined, mode_file);
    const recorder = new MemoryRecorder();
    await using running = await load('light-50', shop.url, recorder);
    await judgeable(running);
    await writeFile(mode_file, `read_only_until: ${new Date(Date.now() + 60_000).toISOString()}\n`);
    await more(running, 4);
    await running.stop();
    const refused = recorder.series.filter(({ status, route }) => status === 503 && route === '/orders');
    const marked = refused.filter(({ group }) => group === READ_ONLY_GROUP);
    const lost = refused.filter(({ group }) => group === undefined);
    expect([marked.length > 0, lost.length > 0, marked.length + lost.length]).toEqual([
      true,
      true,
      refused.length,
    ]);
    // The database loses orders only for as long as the shop takes them.
    const last_lost_at = Math.max(...lost.map(({ last_at }) => last_at));
    expect(Math.min(...marked.map(({ first_at }) => first_at))).toBeGreaterThan(last_lost_at);
    expect(recorder.series.filter(({ status }) => status !== 503).map(({ group }) => group)).not.toContain(
      READ_ONLY_GROUP,
    );
  });

  it('keeps its rate while nobody is there, and knows of no order what became of it', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    const first = await startShop('good', port);
    const recorder = new MemoryRecorder();
    await using running = await load('outage-300', first.url, recorder, true);
    await judgeable(running);
    first.kill('SIGKILL');
    await first[Symbol.asyncDispose]();
    await more(running, 20);
    await using _second = await startShop('good', port);
    await more(running, 8);
    const { dropped_iterations } = await running.stop();
    expect(dropped_iterations).toBe(0);
    const unknown = orderFates(recorder.timeline)?.unknown.length ?? 0;
    expect(unknown).toBeGreaterThan(20 * 30 * 0.8);
    expect(unknown).toBeLessThan(24 * 30 * 1.2);
  });

  it('keeps its rate before a shop that takes connections and never answers', async () => {
    await using shop = await startShop('good');
    const recorder = new MemoryRecorder();
    await using running = await load('outage-300', shop.url, recorder, true);
    await judgeable(running);
    shop.kill('SIGSTOP');
    await more(running, 12);
    shop.kill('SIGCONT');
    await more(running, 8);
    const { dropped_iterations } = await running.stop();
    expect(dropped_iterations).toBe(0);
    await recordHeld(shop, recorder);
    const fates = orderFates(recorder.timeline);
    expect(fates?.unknown.length).toBeGreaterThan(0);
    // Some of those that gave up were served all the same, and nobody was told: that is what unknown means.
    expect(fates?.held).toMatchObject({ lost: [], changed: [], refused: [], strangers: [] });
  });

  it('holds steady-300', async () => {
    await using shop = await startShop('good');
    const measure = async (): Promise<{ readonly recorder: MemoryRecorder; readonly end: LoadEnd }> => {
      const measured = new MemoryRecorder();
      await using running = await load('steady-300', shop.url, measured);
      await running.waitUntil(steadyState(300, 3), { awaited: 'the steady state', deadline_s: 60 });
      await judgeable(running);
      return { recorder: measured, end: await running.stop() };
    };
    const first = await measure();
    // A machine that others use too may take its time away: then nothing was measured yet.
    const is_starved = loadSelfCheck(first.recorder.timeline).starved === true;
    const { recorder, end } = is_starved ? await measure() : first;

    const { outcome, reason } = loadSelfCheck(recorder.timeline);
    expect(`${outcome}: ${reason}`).toMatch(/^pass: /);
    expect(end).toMatchObject({ asked: true, signal: null, bad: 0, dropped_iterations: 0 });
    expect(new Set(recorder.series.map(({ route, status }) => `${status} ${route}`))).toEqual(
      new Set(['200 /', '200 /items/:id', '201 /orders']),
    );
  });

  // Whether a machine holds the peak is for scripts/bench to say: here others may run beside.
  it('counts exactly at peak-3000, and says so when it cannot hold it', async () => {
    await using shop = await startShop('good');
    const recorder = new MemoryRecorder();
    await using running = await load('peak-3000', shop.url, recorder);
    await judgeable(running);
    const end = await running.stop();

    expect(end).toMatchObject({ asked: true, signal: null });
    expect(end.answers).toBe(end.iterations);
    const { outcome, reason } = loadSelfCheck(recorder.timeline);
    expect(`${outcome}: ${reason}`).toMatch(/^(pass: |inconclusive: .*(dropped|starved|reached))/);
  });

  it('writes its own summary beside', async () => {
    await using shop = await startShop('good');
    const out_dir = join(generator.folder, 'summary');
    const recorder = new MemoryRecorder();
    const common = {
      k6: generator.k6,
      recorder,
      out_dir,
      url: shop.url,
      host: 'shop.demo.test',
      run: 'demo',
      duration_max_s: 9,
    };
    await using running = await startLoad({ ...common, profile: 'steady-300' });
    const { answers } = await running.stop();
    const summary: unknown = JSON.parse(await readFile(join(out_dir, 'k6-summary.json'), 'utf8'));
    expect(summary).toMatchObject({ metrics: { mettle_answer: { values: { count: answers } } } });
  });

  it('finds half of the answers of a broken release bad, and wrong content with code 200 too', async () => {
    for (const [release, status] of [
      ['errors-50', 500],
      ['wrong-answers', 200],
    ] as const) {
      await using shop = await startShop(release);
      const recorder = new MemoryRecorder();
      await using running = await load('steady-300', shop.url, recorder);
      await judgeable(running);
      const { answers, bad } = await running.stop();
      expect(bad).toBeGreaterThan(0);
      expect(bad).toBeLessThan(answers);
      const found = recorder.series.filter((series) => series.bad);
      expect(found.map((series) => series.release)).toContain(release);
      expect(found.map((series) => series.status)).toContain(status);
    }
  });

  it('counts requests without an answer as bad, from no release', async () => {
    const recorder = new MemoryRecorder();
    await using running = await load('steady-300', `http://127.0.0.1:${await getPort()}`, recorder);
    const { answers, bad } = await running.stop();
    expect(bad).toBe(answers);
    expect(recorder.series).toContainEqual(
      expect.objectContaining({ release: 'none', status: 0, bad: true }),
    );
  });

  it('leaves all whole seconds when it is killed, and proves nothing', async () => {
    await using shop = await startShop('good');
    const recorder = new MemoryRecorder();
    await using running = await load('steady-300', shop.url, recorder);
    await judgeable(running);
    const killed_at = Date.now();
    process.kill(running.pid, 'SIGKILL');
    expect(await running.ended).toMatchObject({ asked: false, signal: 'SIGKILL' });
    const last = recorder.timeline.of('load', 'second').at(-1);
    // Seconds are written 0.3 s after their end.
    expect(last?.at).toBeGreaterThan(killed_at - 1400);
    expect(loadSelfCheck(recorder.timeline)).toMatchObject({
      outcome: 'inconclusive',
      reason: expect.stringContaining('before it was asked'),
    });
  });

  it('notices that it was starved', async () => {
    await using shop = await startShop('good');
    const recorder = new MemoryRecorder();
    await using running = await load('steady-300', shop.url, recorder);
    await judgeable(running);
    process.kill(running.pid, 'SIGSTOP');
    await delay(1500);
    process.kill(running.pid, 'SIGCONT');
    await delay(1500);
    await running.stop();
    const verdict = loadSelfCheck(recorder.timeline);
    expect(verdict).toMatchObject({ outcome: 'inconclusive' });
    expect(verdict.reason).toMatch(/starved|dropped/);
  });

  it('does not outlive a harness that is killed', async () => {
    await using shop = await startShop('good');
    const options = {
      k6: generator.k6,
      profile: 'steady-300',
      url: shop.url,
      host: 'h.test',
      run: 'demo',
      duration_max_s: 60,
      out_dir: join(generator.folder, 'orphan'),
    };
    const program = `
      import { startLoad } from ${JSON.stringify(join(import.meta.dirname, 'load.ts'))};
      const load = await startLoad({ ...${JSON.stringify(options)}, recorder: { record: () => 0 } });
      console.log(load.pid);`;
    await using harness = startChild([process.execPath, '--input-type=module', '--eval', program]);
    const pid = Number(String((await harness.stdout.take(1).toArray())[0]));
    expect(await isRunning(pid)).toBe(true);
    harness.kill('SIGKILL');
    await harness.exited;
    await delay(500);
    expect(await isRunning(pid)).toBe(false);
  });
});
