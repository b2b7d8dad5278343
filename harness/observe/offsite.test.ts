import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { Draft } from '#harness/core/timeline.ts';
import { observeWatch } from './offsite.ts';

const ALERT = { name: 'ClusterGone', namespace: 'shop-1' };
const LABELS = { alertname: 'ClusterGone', cluster: 'mettle-x', namespace: 'shop-1', severity: 'critical' };

/** Answers as the three programs gave them (Prometheus 3.7, Alertmanager 0.28, the chat), without what nobody reads. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/api/v1/rules': {
    data: {
      groups: [
        {
          rules: [
            {
              name: 'ClusterGone',
              health: 'ok',
              alerts: [{ labels: LABELS, state: 'firing', value: '0e+00' }],
            },
          ],
        },
      ],
    },
  },
  '/api/v2/alerts': [{ fingerprint: 'a1', labels: LABELS, startsAt: '2026-11-21T18:25:58.000Z' }],
  '/messages': {
    store_id: 'one',
    last_seq: 1,
    messages: [
      {
        seq: 1,
        received_at: 1_795_285_559_376,
        sender: 'alertmanager',
        channel: 'off-site',
        text: '[FIRING:1]\nClusterGone: nobody is served',
        severity: 'danger',
        fields: { status: 'firing' },
        about: { kind: 'Alert', name: 'ClusterGone', namespace: 'shop-1' },
      },
    ],
  },
};

async function serve(): Promise<number> {
  let asked = 0;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    // What was said before the observer began is not the run's: the first answer has nothing yet.
    const is_first = pathname === '/messages' && (asked += 1) === 1;
    response.end(
      JSON.stringify(is_first ? { store_id: 'one', last_seq: 0, messages: [] } : ANSWERS[pathname]),
    );
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function recorded(port: number): Promise<readonly Draft[]> {
  const drafts: Draft[] = [];
  const recorder = { record: (draft: Draft) => drafts.push(draft) };
  {
    const ports = { prometheus: port, alertmanager: port, chat: port };
    await using _observers = await observeWatch({ ports }, ALERT, recorder);
  }
  return drafts;
}

test('what the watch off-site says is not to be taken for what the cluster says', async () => {
  const drafts = await recorded(await serve());
  const said = drafts.filter(({ source }) => source !== 'harness');
  expect(said.map(({ source, subject }) => `${source} ${subject}`).sort()).toStrictEqual([
    'alertmanager ClusterGone',
    'chat Alert/ClusterGone',
    'prometheus ClusterGone',
  ]);
  expect(said.every(({ data }) => 'site' in data && data.site === 'offsite')).toBe(true);
});

test.each([
  [true, ['started', 'ended']],
  [false, ['lost', 'ended']],
])('observers have names of their own; the watch answers: %s', async (answers, states) => {
  const drafts = await recorded(answers ? await serve() : 1);
  const observers = drafts.flatMap((one) =>
    one.source === 'harness' && one.kind === 'observer' ? [`${one.subject} ${one.data.state}`] : [],
  );
  expect(observers.sort()).toStrictEqual(
    ['offsite-alertmanager', 'offsite-chat', 'offsite-prometheus']
      .flatMap((name) => states.map((state) => `${name} ${state}`))
      .sort(),
  );
});
