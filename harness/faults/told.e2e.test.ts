import { expect, onTestFinished, test } from 'vitest';
import { ApiError } from '#harness/kube/api.ts';
import { GATE_PORT } from '#harness/stack/gate.ts';
import { METRICS_PROXY_PORT } from '#harness/stack/metrics-proxy.ts';
import { chatRefuses } from './chat-refuses.ts';
import { chatSlow } from './chat-slow.ts';
import { gateClosed } from './gate-closed.ts';
import { gateFailing } from './gate-failing.ts';
import { gateSlow } from './gate-slow.ts';
import { makeAsker } from './metrics-told.ts';
import { prometheusLies } from './prometheus-lies.ts';
import { prometheusSlow } from './prometheus-slow.ts';
import { fastestInTurns } from './testing/fastest.ts';
import { openTrial, type OpenTrial } from './testing/trial.ts';

interface TimedStatus {
  readonly status: number;
  readonly duration_ms: number;
}

/** One answer, with the time that it took. */
async function timed(ask: () => Promise<number>): Promise<TimedStatus> {
  const from = performance.now();
  const status = await ask();
  return { status, duration_ms: performance.now() - from };
}

/** One ask that a delay is meant for, and one that it is not, in the same moments. */
async function beside(meant: () => Promise<TimedStatus>, other: () => Promise<TimedStatus>) {
  const [late, usual] = await fastestInTurns(meant, other);
  if (late === undefined || usual === undefined) throw new Error('nobody answered');
  return { late, usual, delayed_ms: late.duration_ms - usual.duration_ms };
}

async function statusOf(answer: Promise<string>): Promise<number> {
  return await answer
    .then(() => 200)
    .catch((error: unknown) => (error instanceof ApiError ? error.status : 0));
}

/** A hook of a namespace, as a controller calls it. */
function hook({ ctx }: OpenTrial, namespace: string, path: string) {
  return timed(() => statusOf(ctx.kube.proxyGet(GATE_PORT, path, { namespace, mettle_probe: 'test' })));
}

test('the gate is closed, fails and is slow for the hooks that are meant, and for no others', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { namespace } = trial;

  const closed = await trial.inject(gateClosed, { path: '/confirm' });
  expect((await hook(trial, namespace, '/confirm-rollout')).status).toBe(403);
  expect((await hook(trial, namespace, '/rollback')).status).toBe(200);
  expect((await hook(trial, 'elsewhere', '/confirm-rollout')).status).toBe(200);
  await closed.heal();
  expect((await hook(trial, namespace, '/confirm-rollout')).status).toBe(200);

  const failing = await trial.inject(gateFailing, { status: 503 });
  expect((await hook(trial, namespace, '/any')).status).toBe(503);
  await failing.heal();

  const meant = (): Promise<TimedStatus> => hook(trial, namespace, '/any');
  const other = (): Promise<TimedStatus> => hook(trial, 'elsewhere', '/any');
  const slow = await trial.inject(gateSlow, { delay_ms: 400 });
  // 400 ms, within 60 ms, beside what the answer to another namespace takes in the same moments.
  const { late, usual, delayed_ms } = await beside(meant, other);
  expect([late.status, usual.status]).toEqual([200, 200]);
  expect(delayed_ms).toBeGreaterThan(340);
  expect(delayed_ms).toBeLessThan(460);
  expect(usual.duration_ms).toBeLessThan(300);
  await slow.heal();
  expect((await beside(meant, other)).late.duration_ms).toBeLessThan(300);
});

async function values(trial: OpenTrial, namespace: string): Promise<readonly string[]> {
  const query = `vector(1) and on() (count(up{namespace="${namespace}"}) or vector(0)) >= 0`;
  const text = await trial.ctx.kube.proxyGet(METRICS_PROXY_PORT, '/api/v1/query', { query });
  const answer: { data: { result: { value: [number, string] }[] } } = JSON.parse(text);
  return answer.data.result.map(({ value }) => value[1]);
}

test('Prometheus lies and is slow to the checks of one namespace alone', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { namespace } = trial;
  // Nobody there asks the proxy yet.
  await expect(trial.inject(prometheusLies, { answer: 'nan' })).rejects.toThrow('it names nothing');
  await makeAsker(trial);
  expect(await values(trial, namespace)).toEqual(['1']);

  for (const [answer, given] of [
    ['nan', ['NaN']],
    ['empty', []],
    ['infinity', ['+Inf']],
    ['minus-infinity', ['-Inf']],
    ['two-series', ['0', '100']],
  ] as const) {
    const lie = await trial.inject(prometheusLies, { answer });
    expect(await values(trial, namespace)).toEqual(given);
    expect(await values(trial, 'elsewhere')).toEqual(['1']);
    await lie.heal();
    expect(await values(trial, namespace)).toEqual(['1']);
  }
  for (const [answer, status] of [
    ['error', 500],
    ['unavailable', 503],
  ] as const) {
    const lie = await trial.inject(prometheusLies, { answer });
    await expect(values(trial, namespace)).rejects.toMatchObject({ status });
    await lie.heal();
  }
  // The API server, through which is asked here, says that it is unavailable when the connection is cut.
  const closed = await trial.inject(prometheusLies, { answer: 'closed' });
  await expect(values(trial, namespace)).rejects.toMatchObject({ status: 503 });
  await closed.heal();
  const stale = await trial.inject(prometheusLies, { answer: 'stale' });
  expect(stale.on.seen).toContain('the same answer twice');
  await stale.heal();

  const asked = (about: string) => () => timed(async () => (await values(trial, about)).length);
  const [meant, other] = [asked(namespace), asked('elsewhere')];
  const slow = await trial.inject(prometheusSlow, { delay_ms: 600 });
  const { usual, delayed_ms } = await beside(meant, other);
  expect(delayed_ms).toBeGreaterThan(540);
  expect(delayed_ms).toBeLessThan(660);
  expect(usual.duration_ms).toBeLessThan(400);
  await slow.heal();
  expect((await beside(meant, other)).late.duration_ms).toBeLessThan(400);
});

/** Tells the chat something about a namespace, as Flagger does. */
function tell({ ctx }: OpenTrial, namespace: string) {
  return timed(async () => {
    const response = await fetch(`http://127.0.0.1:${ctx.cluster.ports.chat}/hooks/rollouts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        channel: 'rollouts',
        username: 'flagger',
        attachments: [{ author_name: `shop.${namespace}`, text: 'a test', mrkdwn_in: ['text'], fields: [] }],
      }),
    });
    await response.arrayBuffer();
    return response.status;
  });
}

test('the chat refuses and is slow about one namespace alone', async () => {
  const trial = await openTrial();
  onTestFinished(() => trial[Symbol.asyncDispose]());
  const { namespace } = trial;

  const refuses = await trial.inject(chatRefuses);
  expect((await tell(trial, namespace)).status).toBe(429);
  expect((await tell(trial, 'elsewhere')).status).toBe(200);
  // Both are told to the chat for the same messages: one would mask the other.
  await expect(trial.inject(chatSlow, { delay_ms: 100 })).rejects.toThrow('one would mask the other');
  await refuses.heal();
  const meant = (): Promise<TimedStatus> => tell(trial, namespace);
  const other = (): Promise<TimedStatus> => tell(trial, 'elsewhere');
  expect((await meant()).status).toBe(200);

  const slow = await trial.inject(chatSlow, { delay_ms: 500 });
  const { late, usual, delayed_ms } = await beside(meant, other);
  expect([late.status, usual.status]).toEqual([200, 200]);
  expect(delayed_ms).toBeGreaterThan(450);
  expect(delayed_ms).toBeLessThan(550);
  expect(usual.duration_ms).toBeLessThan(400);
  await slow.heal();
  expect((await beside(meant, other)).late.duration_ms).toBeLessThan(400);
});
