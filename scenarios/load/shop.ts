/**
 * k6 script: customers of the demo shop. Each iteration is one request with an id of its own, and its answer is
 * compared with what the shop must say. The harness starts it (harness/load/load.ts) and tells it all by METTLE_LOAD.
 */
import http, { type Params, type Response } from 'k6/http';
import { Trend } from 'k6/metrics';
import type { Options } from 'k6/options';
import { enter, orderSent, orderSettled } from 'k6/x/mettle';
import { frontContent, itemContent, orderContent } from '../../fixtures/apps/shop/catalogue.ts';
import { type Visit, visitId, visitOf } from '../../fixtures/apps/shop/visits.ts';
import { isReadOnlyAnswer, READ_ONLY_GROUP } from '../../harness/core/read-only-answer.ts';
import { fateOf } from '../../harness/load/order-fate.ts';
import type { LoadSettings } from '../../harness/load/settings.ts';

const settings: LoadSettings = JSON.parse(__ENV['METTLE_LOAD'] ?? '');
const { run, url, host, rate_per_s, vus, warm_up_s, warm_up_from_per_s, duration_s, timeout_s } = settings;
const { summary, users = {} } = settings;
const { remember_orders = false } = settings;

export const options: Options = {
  scenarios: {
    shop: {
      // Arrivals at a constant rate after a warm-up; one executor, so that no request is lost in between.
      executor: 'ramping-arrival-rate',
      startRate: warm_up_from_per_s,
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
      if (remember_orders) orderSent(request_id);
      const response = http.post(`${url}/orders`, JSON.stringify({ id: request_id, lines }), params);
      if (remember_orders) {
        const { content_hash, outcome } = fateOf(response.status, response.body);
        orderSettled(request_id, content_hash, outcome);
      }
      return { route: '/orders', status: 201, content: orderContent(lines), response };
    }
  }
}

/** What a request is told apart by; nothing where all users are alike. */
interface Told {
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

const ALIKE: Told = { headers: {}, tags: {} };

function toldApart(sequence: number): Told {
  const { marked, cookie } = users;
  if (marked) {
    // Even, and not in step with what is visited or with a gateway's rounds.
    const is_marked = (sequence * 61) % 100 < marked.share_pct;
    return is_marked
      ? { headers: { [marked.header]: marked.value }, tags: { group: 'marked' } }
      : { headers: {}, tags: { group: 'plain' } };
  }
  if (cookie === undefined) return ALIKE;
  // A virtual user's jar lives as long as the user (noCookiesReset), and forgets a cookie whose time is over.
  const kept = (http.cookieJar().cookiesForURL(url)[cookie] ?? []).length > 0;
  return { headers: {}, tags: { group: kept ? 'kept' : 'none' } };
}

export default function visit(): void {
  const sequence = enter();
  const request_id = visitId(run, sequence);
  const told = toldApart(sequence);
  const { route, status, content, response } = ask(visitOf(sequence), request_id, {
    headers: {
      Host: host,
      'Content-Type': 'application/json',
      'X-Request-Id': request_id,
      ...told.headers,
    },
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
    // Who crashed, or lost a database, has the same status.
    ...(isReadOnlyAnswer(response.status, body, headers['Retry-After']) ? { group: READ_ONLY_GROUP } : {}),
    ...told.tags,
  });
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [summary]: JSON.stringify(data, null, 2) };
}
