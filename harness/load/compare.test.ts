import { createServer, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { type ComparisonPlan, compareReleases } from './compare.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** How the new release answers a path: status, what the body says, and how long it takes. */
type Behaviour = (path: string) => { status?: number; says?: string; after_ms?: number };

/** A gateway that leads each name to its release. */
async function gateway(behaviour: Behaviour): Promise<Pick<ComparisonPlan, 'port'>> {
  server = createServer((request, response) => {
    const { host = '', 'x-request-id': id = '' } = request.headers;
    const release = host.startsWith('next.') ? 'v2' : 'v1';
    const path = request.url ?? '';
    const { status, says, after_ms = 0 } = release === 'v2' ? behaviour(path) : {};
    request.resume();
    setTimeout(() => {
      response.statusCode = status ?? 200;
      response.end(JSON.stringify({ release, pod: release, request_id: id, says: says ?? path }));
    }, after_ms);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway does not listen');
  return { port: address.port };
}

/** Orders fail, and the front page says something else. */
function odd(path: string): ReturnType<Behaviour> {
  if (path === '/orders') return { status: 500 };
  return path === '/' ? { says: 'other' } : {};
}

const PLAN = {
  old_host: 'old.shop.test',
  next_host: 'next.shop.test',
  pairs: 200,
  run: 'run',
  signal: new AbortController().signal,
};

test('releases that answer alike differ in nothing', async () => {
  const found = await compareReleases({ ...PLAN, ...(await gateway(() => ({}))) });
  expect(found).toMatchObject({ pairs: 200, unanswered: 0, differences: [] });
  expect(found.durations.map(({ route }) => route).toSorted()).toEqual([
    'GET /',
    'GET /items/:id',
    'POST /orders',
  ]);
});

test('what one route answers differently is found on that route alone', async () => {
  const { differences } = await compareReleases({ ...PLAN, ...(await gateway(odd)) });
  expect(differences.map(({ route, in: where }) => `${route}: ${where}`).toSorted()).toEqual([
    'GET /: body',
    'POST /orders: status',
  ]);
});

test('a release that takes 100 ms longer is measured, and the comparison is soon over', async () => {
  const from = performance.now();
  const { durations } = await compareReleases({ ...PLAN, ...(await gateway(() => ({ after_ms: 100 }))) });
  expect(performance.now() - from).toBeLessThan(10_000);
  for (const { old_median_ms, next_median_ms } of durations) {
    expect(next_median_ms - old_median_ms).toBeGreaterThan(80);
  }
});

test('nobody who answers is counted as unanswered', async () => {
  const { port } = await gateway(() => ({}));
  server?.close();
  const found = await compareReleases({ ...PLAN, port, pairs: 5 });
  expect(found).toMatchObject({ pairs: 5, unanswered: 5, differences: [] });
});
