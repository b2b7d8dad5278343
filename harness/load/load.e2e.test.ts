import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { READ_ONLY_GROUP } from '#harness/core/read-only-answer.ts';
import { type AnswerSeries, type Recorder, Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { orderFates } from '#harness/core/order-fates.ts';
import { loadBom, folderOf } from '#harness/images/bom.ts';
import { buildFolder, requireGo } from '#harness/images/go-build.ts';
import { loadSelfCheck } from '#harness/judge/load-self-check.ts';
import { type Child, startChild } from '#harness/process/child.ts';
import { startLoad } from './load.ts';
import type { ProfileName } from './profiles.ts';
import type { LoadEnd, RunningLoad } from './running.ts';
import { steadyState } from './steady.ts';

/** The real generator against the real shop, both as processes of this machine. */

const PROJECT = join(import.meta.dirname, '../..');
const JUDGED_S = 6;

let folder = '';
let k6 = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-load-'));
  const built = await buildFolder('k6', folderOf(await loadBom(), 'k6'), await requireGo(), {
    progress: () => undefined,
  });
  k6 = join(built, 'bin', 'k6');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

class MemoryRecorder implements Recorder {
  readonly records: TimelineRecord[] = [];

  record(draft: Parameters<Recorder['record']>[0]): number {
    const seq = this.records.length + 1;
    this.records.push({ at: Date.now(), ...draft, seq });
    return seq;
  }

  get timeline(): Timeline {
    return new Timeline(this.records);
  }

  get series(): readonly AnswerSeries[] {
    return this.timeline.of('load', 'second').flatMap(({ data }) => data.series);
  }
}

interface Shop extends AsyncDisposable {
  readonly url: string;
  /** Signals the shop's process. */
  readonly kill: Child['kill'];
}

/** The shop with a release of the catalogue. */
async function startShop(release: string, on_port?: number, mode_file?: string): Promise<Shop> {
  const port = on_port ?? (await getPort({ host: '127.0.0.1' }));
  const shop: Child = startChild([process.execPath, join(PROJECT, 'fixtures/apps/shop/main.ts')], {
    env: {
      RELEASE_FILE: join(PROJECT, `fixtures/releases/${release}.yaml`),
      POD_NAME: 'pod',
      HOST: '127.0.0.1',
      PORT: String(port),
      ...(mode_file === undefined ? {} : { MODE_FILE: mode_file }),
    },
  });
  const lines = createInterface({ input: shop.stdout });
  for await (const line of lines) if (line.includes('listening')) break;
  shop.stdout.resume();
  return {
    url: `http://127.0.0.1:${port}`,
    kill: (signal) => shop.kill(signal),
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
}

async function load(
  profile: ProfileName,
  url: string,
  recorder: Recorder,
  remember_orders = false,
): Promise<RunningLoad> {
  return await startLoad({
    remember_orders,
    k6,
    profile,
    url,
    recorder,
    host: 'shop.demo.test',
    run: 'demo',
    duration_max_s: 120,
    out_dir: join(folder, `${profile}-${Date.now()}`),
  });
}

/** Whether a process exists and is not just waiting for its parent to take note of its end. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: X');
  return !/^State:\s+[XZ]/m.test(status);
}

/** Waits until the warm-up is over and a few seconds can be judged. */
async function judgeable(running: RunningLoad): Promise<void> {
  await running.waitUntil((recent) => ({ met: recent.length >= JUDGED_S + 5, seen: `${recent.length} s` }), {
    awaited: 'seconds to judge',
    deadline_s: 60,
  });
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

  it('takes slow first answers for no higher rate afterwards', async () => {
    await using shop = await startShop('good');
    const held_ms = 600;
    let held: Promise<void> | undefined;
    const proxy = createServer((socket) => {
      held ??= delay(held_ms);
      void held.then(() => {
        const onward = connect(Number(new URL(shop.url).port), '127.0.0.1');
        for (const end of [socket, onward]) end.on('error', () => end.destroy());
        socket.pipe(onward).pipe(socket);
      });
    });
    const port = await getPort({ host: '127.0.0.1' });
    proxy.listen(port, '127.0.0.1');
    await using _closed = { [Symbol.asyncDispose]: async () => void proxy.close() };
    const recorder = new MemoryRecorder();
    await using running = await load('steady-300', `http://127.0.0.1:${port}`, recorder);
    await judgeable(running);
    await running.stop();
    const [started] = recorder.timeline.of('load', 'started');
    const first_answer_at = Math.min(...recorder.series.map(({ first_at }) => first_at));
    expect(first_answer_at - (started?.at ?? 0)).toBeGreaterThan(held_ms);
    expect(loadSelfCheck(recorder.timeline)).toMatchObject({ outcome: 'pass' });
  });

  it('counts writes that a shop refuses because it is read-only apart from those that it loses', async () => {
    const mode_file = join(folder, 'mode.yaml');
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

    expect(loadSelfCheck(recorder.timeline)).toMatchObject({ outcome: 'pass' });
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
    const out_dir = join(folder, 'summary');
    const recorder = new MemoryRecorder();
    const common = {
      k6,
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
      k6,
      profile: 'steady-300',
      url: shop.url,
      host: 'h.test',
      run: 'demo',
      duration_max_s: 60,
      out_dir: join(folder, 'orphan'),
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
