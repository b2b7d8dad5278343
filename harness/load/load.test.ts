import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeadlineError, InterruptedError, UnfitError, UsageError } from '#harness/core/errors.ts';
import type { Draft, Recorder } from '#harness/core/timeline.ts';
import { type LoadOptions, startLoad } from './load.ts';
import { LoadEndedError } from './running.ts';
import { steadyState } from './steady.ts';

/** What a generator begins with: `second(n)` writes the nth second of 300 answers from good; `dies` ends it. */
const PRELUDE = `const bounds = JSON.parse(process.env.METTLE_LATENCY_BOUNDS_MS);
const settings = JSON.parse(process.env.METTLE_LOAD);
const from = 1700000000000;
const write = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
function second(n, change = {}, more = {}) {
  const at = from + n * 1000;
  const series = { release: 'good', status: 200, route: '/', bad: false, count: 300, sum_ms: 600, max_ms: 9,
    buckets: [...bounds.map(() => 0), 300], first_at: at + 420.5, last_at: at + 999, ...change };
  write({ from: at, series: [series], iterations: 300, dropped_iterations: 0, vus: 9, lag_max_ms: 1.5, cpu_s: 0.1, machine_idle_s: 1.2,
    begun_at: from + 120.5, ...more });
}
const keep = setInterval(() => undefined, 1000);
process.on('SIGUSR1', () => { second(99); process.exit(105); });
`;

let folder = '';
let drafts: Draft[] = [];
const recorder: Recorder = { record: (draft) => drafts.push(draft) };

beforeEach(async () => {
  drafts = [];
  folder = await mkdtemp(join(tmpdir(), 'mettle-load-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Options with a generator made of the given JavaScript. */
async function options(generator: string): Promise<LoadOptions> {
  const k6 = join(folder, 'k6');
  // A path with spaces cannot stand in the first line of a program, so it names a link to Node.
  const node = join(folder, 'node');
  await symlink(process.execPath, node);
  await writeFile(k6, `#!${node}\n${PRELUDE}\n${generator}`);
  await chmod(k6, 0o755);
  return {
    k6,
    profile: 'steady-300',
    url: 'http://127.0.0.1:8080',
    host: 'shop.demo.test',
    run: 'demo',
    duration_max_s: 60,
    recorder,
    out_dir: join(folder, 'out'),
  };
}

const kinds = (): string[] => drafts.map(({ source, kind }) => `${source}/${kind}`);

describe('startLoad', () => {
  it('comes back with the first second and records each as it comes, and the end', async () => {
    await using load = await startLoad(await options('second(0); second(1)'));
    await load.waitUntil((recent) => ({ met: recent.length === 2, seen: `${recent.length}` }), {
      awaited: 'two seconds',
      deadline_s: 10,
    });
    const before = Date.now();
    const end = await load.stop();
    expect(end).toMatchObject({
      asked: true,
      exit_code: 105,
      signal: null,
      seconds: 3,
      answers: 900,
      bad: 0,
    });
    expect(kinds()).toEqual(['load/started', 'load/second', 'load/second', 'load/second', 'load/ended']);
    const [started, first] = drafts;
    expect(started).toMatchObject({
      subject: 'demo',
      at: 1_700_000_000_120.5,
      data: { profile: 'steady-300', rate_per_s: 300, warm_up_s: 3, warm_up_from_per_s: 30, duration_s: 60 },
    });
    expect(first).toMatchObject({
      at: 1_700_000_001_000,
      data: { from: 1_700_000_000_000, iterations: 300 },
    });
    expect(drafts.at(-1)?.at).toBeGreaterThanOrEqual(before);
    expect(await load.stop()).toEqual(end);
    expect(kinds()).toHaveLength(5);
  });

  it('tells the generator what to do, free of the settings of the person who runs it', async () => {
    process.env['K6_VUS'] = '7';
    await using load = await startLoad(
      await options(
        "second(0, { release: [settings.run, settings.vus, process.env.K6_VUS, process.ppid].join(' ') })",
      ),
    );
    delete process.env['K6_VUS'];
    expect(load.recent[0]?.series[0]?.release).toBe(`demo 900  ${process.pid}`);
  });

  it('refuses a target elsewhere before anything is started', async () => {
    const elsewhere = { ...(await options('')), url: 'http://10.0.0.1' };
    await expect(startLoad(elsewhere)).rejects.toThrow(UsageError);
    expect((await readdir(folder)).toSorted()).toEqual(['k6', 'node']);
  });

  it('says what the generator said when it dies before its first second', async () => {
    const attempt = startLoad(await options("console.error('no such script'); process.exit(107)"));
    await expect(attempt).rejects.toThrow(UnfitError);
    await expect(attempt).rejects.toThrow(/exit code 107[^]*no such script/);
  });

  it('says so when there is no generator', async () => {
    const without = { ...(await options('')), k6: join(folder, 'nothing') };
    await expect(startLoad(without)).rejects.toThrow(/exit code 127/);
  });

  it('ends at once when the run is interrupted', async () => {
    const interruption = new AbortController();
    const attempt = startLoad({ ...(await options('')), signal: interruption.signal });
    setTimeout(() => interruption.abort(), 100);
    await expect(attempt).rejects.toThrow(InterruptedError);
    expect(drafts).toMatchObject([{ kind: 'ended', data: { signal: 'SIGKILL', asked: false } }]);
  });
});

describe('RunningLoad', () => {
  it('records an end that nobody asked for', async () => {
    await using load = await startLoad(
      await options("second(0); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100)"),
    );
    const waiting = load.waitUntil(() => ({ met: false, seen: 'weight 10' }), {
      awaited: 'weight 20',
      deadline_s: 10,
    });
    await expect(waiting).rejects.toThrow(LoadEndedError);
    await expect(waiting).rejects.toThrow('the load ended (SIGKILL) before weight 20; last seen: weight 10');
    expect(await load.ended).toMatchObject({ asked: false, signal: 'SIGKILL', answers: 300 });
    expect(await load.stop()).toMatchObject({ asked: false });
  });

  it('does not believe a line that is not a second', async () => {
    await using load = await startLoad(
      await options('second(0); setTimeout(() => second(1, { count: -1 }), 100)'),
    );
    expect(await load.ended).toMatchObject({ asked: false, signal: 'SIGKILL', seconds: 1 });
    expect(kinds()).toContain('harness/note');
    expect(drafts.find(({ kind }) => kind === 'note')?.data).toMatchObject({
      text: expect.stringContaining('count'),
    });
  });

  it('records the orders of each second when it is to remember them, and says so where there are none', async () => {
    const order = { id: 'demo-4', content_hash: '0badcafe', at: 1_700_000_000_500.25, outcome: 'accepted' };
    const generator = `second(0, {}, settings.remember_orders ? { orders: [${JSON.stringify(order)}] } : {}); second(1)`;
    await using load = await startLoad({ ...(await options(generator)), remember_orders: true });
    await load.stop();
    const remembered = drafts.filter(({ kind }) => kind === 'orders');
    expect(remembered).toMatchObject([
      { source: 'load', subject: 'demo', at: 1_700_000_001_000, data: { orders: [order] } },
      { at: 1_700_000_002_000, data: { orders: [] } },
      { at: 1_700_000_100_000, data: { orders: [] } },
    ]);
    expect(drafts.find(({ kind }) => kind === 'second')?.data).not.toHaveProperty('orders');
  });

  it('records no orders unless it is asked to', async () => {
    await using load = await startLoad(
      await options("second(0, { release: String('remember_orders' in settings) })"),
    );
    expect(load.recent[0]?.series[0]?.release).toBe('false');
    await load.stop();
    expect(kinds()).not.toContain('load/orders');
  });

  it.each([
    ['an outcome that there is not', { outcome: 'lost' }],
    ['no id', { id: '' }],
  ])('does not believe an order with %s', async (_what, change) => {
    const order = { id: 'demo-4', content_hash: '', at: 1, outcome: 'refused', ...change };
    const generator = `second(0); setTimeout(() => second(1, {}, { orders: [${JSON.stringify(order)}] }), 100)`;
    await using load = await startLoad({ ...(await options(generator)), remember_orders: true });
    expect(await load.ended).toMatchObject({ asked: false, signal: 'SIGKILL', seconds: 1 });
    expect(drafts.find(({ kind }) => kind === 'note')?.data).toMatchObject({
      text: expect.stringContaining('orders.0.'),
    });
  });

  it('says what was awaited and last seen when time is up', async () => {
    await using load = await startLoad(await options('second(0)'));
    const waiting = load.waitUntil(steadyState(300, 5), { awaited: 'the steady state', deadline_s: 0.05 });
    await expect(waiting).rejects.toThrow(DeadlineError);
    await expect(waiting).rejects.toThrow('waited 0.05 s for the steady state; last seen: 1 of 5 s of load');
  });

  it('tells listeners of each second until they leave', async () => {
    const generator = 'second(0); let n = 0; setInterval(() => second(++n), 20)';
    await using load = await startLoad(await options(generator));
    let heard = 0;
    // Those that are there already were measured before anybody listened.
    const missed = load.recent.length;
    {
      using _listening = load.onSecond(() => {
        heard += 1;
      });
      await load.waitUntil((recent) => ({ met: recent.length >= missed + 5, seen: '' }), {
        awaited: 'five more',
        deadline_s: 10,
      });
    }
    const left = heard;
    expect(left).toBe(load.recent.length - missed);
    await load.stop();
    expect(left).toBeGreaterThanOrEqual(5);
    expect(heard).toBe(left);
    expect(load.seen).toBe('300 answers/s, 0 bad (good 300)');
  });

  it('kills a generator that does not end when asked', async () => {
    await using load = await startLoad(
      await options(
        "process.removeAllListeners('SIGUSR1'); process.on('SIGUSR1', () => undefined); second(0)",
      ),
    );
    expect(await load.stop(0.2)).toMatchObject({ asked: true, signal: 'SIGKILL' });
  });
});
