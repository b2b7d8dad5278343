/**
 * k6 script: customers of the demo shop. Each iteration is one request with an id of its own, and its answer is
 * compared with what the shop must say. The harness starts it (harness/load/load.ts) and tells it all by METTLE_LOAD.
 */
import exec from 'k6/execution';
import http, { type Params, type Response } from 'k6/http';
import { Trend } from 'k6/metrics';
import type { Options } from 'k6/options';
import { enter } from 'k6/x/mettle';
import { frontContent, itemContent, orderContent } from '../../fixtures/apps/shop/catalogue.ts';
import { type Visit, visitId, visitOf } from '../../fixtures/apps/shop/visits.ts';
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

function ask(visited: Visit, request_id: string, params: Params): Asked {
  switch (visited.kind) {
    case 'item': {
      const response = http.get(`${url}/items/${visited.id}`, params);
      return { route: '/items/:id', status: 200, content: itemContent(visited.id), response };
    }
    case 'front':
      return { route: '/', status: 200, content: front, response: http.get(`${url}/`, params) };
    case 'order': {
      // The order has the request's id: what was accepted can be looked up afterwards without a list of it.
      const { lines } = visited;
      const response = http.post(`${url}/orders`, JSON.stringify({ id: request_id, lines }), params);
      return { route: '/orders', status: 201, content: orderContent(lines), response };
    }
  }
}

export default function visit(): void {
  enter();
  const sequence = exec.scenario.iterationInTest;
  const request_id = visitId(run, sequence);
  const { route, status, content, response } = ask(visitOf(sequence), request_id, {
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
