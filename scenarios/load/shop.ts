/**
 * k6 script: customers of the demo shop. Each iteration is one request with an id of its own, and its answer is
 * compared with what the shop must say. The harness starts it (harness/load/load.ts) and tells it all by METTLE_LOAD.
 */
import exec from 'k6/execution';
import http, { type Params, type Response } from 'k6/http';
import { Trend } from 'k6/metrics';
import type { Options } from 'k6/options';
import { enter } from 'k6/x/mettle';
import {
  frontContent,
  ITEM_COUNT,
  itemContent,
  type OrderLine,
  orderContent,
} from '../../fixtures/apps/shop/catalogue.ts';
import type { LoadSettings } from '../../harness/load/settings.ts';

const settings: LoadSettings = JSON.parse(__ENV['METTLE_LOAD'] ?? '');
const { run, url, host, rate_per_s, vus, warm_up_s, duration_s, timeout_s, summary } = settings;

export const options: Options = {
  scenarios: {
    shop: {
      // Arrivals at a constant rate after a warm-up; one executor, so that no request is lost in between.
      executor: 'ramping-arrival-rate',
      startRate: Math.ceil(rate_per_s / 10),
      timeUnit: '1s',
      stages: [
        { duration: `${warm_up_s}s`, target: rate_per_s },
        { duration: `${duration_s}s`, target: rate_per_s },
      ],
      preAllocatedVUs: vus,
      maxVUs: vus,
      gracefulStop: `${timeout_s + 1}s`,
    },
  },
  systemTags: [],
  noCookiesReset: true,
  maxRedirects: 0,
  userAgent: 'mettle-load',
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'p(95)', 'p(99)', 'max'],
};

/** The harness's own measurement: milliseconds from the first byte that could be sent to the last one received. */
const answers = new Trend('mettle_answer', true);

interface Asked {
  readonly route: string;
  readonly status: number;
  readonly content: string;
  readonly response: Response;
}

const front = frontContent();

/**
 * Spreads the number of the iteration over 32 bits (the finaliser of MurmurHash3). Why not `iteration % 10`: a gateway
 * that splits traffic by weight goes round in short cycles too, and one release would then get one kind of request.
 */
function scatter(iteration: number): number {
  let hash = iteration | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 60 % one item, 30 % the front page, 10 % an order. */
function ask(draw: number, params: Params): Asked {
  const kind = draw % 10;
  const id = 1 + ((draw >>> 8) % ITEM_COUNT);
  if (kind < 6) {
    const response = http.get(`${url}/items/${id}`, params);
    return { route: '/items/:id', status: 200, content: itemContent(id), response };
  }
  if (kind < 9) {
    return { route: '/', status: 200, content: front, response: http.get(`${url}/`, params) };
  }
  const lines: readonly OrderLine[] = [
    { item_id: id, quantity: 1 + (draw % 3) },
    { item_id: 1 + (id % ITEM_COUNT), quantity: 1 },
  ];
  const response = http.post(`${url}/orders`, JSON.stringify({ lines }), params);
  return { route: '/orders', status: 201, content: orderContent(lines), response };
}

export default function visit(): void {
  enter();
  const iteration = exec.scenario.iterationInTest;
  const request_id = `${run}-${iteration}`;
  const { route, status, content, response } = ask(scatter(iteration), {
    headers: { Host: host, 'Content-Type': 'application/json', 'X-Request-Id': request_id },
    timeout: timeout_s * 1000,
  });
  const { headers, timings, body } = response;
  // A body may be missing whatever the types say: there is none when there was no answer.
  const is_right =
    response.status === status &&
    headers['X-Request-Id'] === request_id &&
    typeof body === 'string' &&
    body.includes(content);
  // Blocked is the wait for a free connection: customers wait for that too.
  answers.add(timings.blocked + timings.connecting + timings.duration, {
    bad: is_right ? 'false' : 'true',
    release: headers['X-Release'] ?? 'none',
    route,
    status: String(response.status),
  });
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [summary]: JSON.stringify(data, null, 2) };
}
