import { Agent, request as ask } from 'node:http';
import {
  type AnswerPair,
  compareAnswers,
  type ComparisonData,
  type ReceivedAnswer,
} from '#harness/core/comparison.ts';
import { type Visit, visitId, visitOf } from '#fixtures/apps/shop/visits.ts';

export interface ComparisonPlan {
  /** Loopback port of the gateway. */
  readonly port: number;
  /** Names by which the gateway reaches the old and the new release alone. */
  readonly old_host: string;
  readonly next_host: string;
  /** Requests that are put to both. */
  readonly pairs: number;
  /** Prefix of the requests' ids. */
  readonly run: string;
  readonly signal: AbortSignal;
}

/** Longest wait for an answer, in ms: it counts as none after that. */
const ANSWER_MS = 5_000;
const NONE: ReceivedAnswer = { status: 0, body: '', duration_ms: 0 };

/** Fields of the shop's answers that say who gave them and to which request. */
const IGNORED: ReadonlySet<string> = new Set(['release', 'pod', 'request_id']);

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly route: string;
  readonly body?: string;
}

function questionOf(visit: Visit, id: string): Question {
  switch (visit.kind) {
    case 'item':
      return { method: 'GET', path: `/items/${visit.id}`, route: 'GET /items/:id' };
    case 'front':
      return { method: 'GET', path: '/', route: 'GET /' };
    case 'order': {
      const body = JSON.stringify({ id, lines: visit.lines });
      return { method: 'POST', path: '/orders', route: 'POST /orders', body };
    }
  }
}

interface Way {
  readonly agent: Agent;
  readonly port: number;
  readonly host: string;
  readonly signal: AbortSignal;
}

/** Puts one question and takes the answer; whatever goes wrong on the way is no answer. */
function put(
  { agent, port, host, signal }: Way,
  { method, path, body }: Question,
  id: string,
): Promise<ReceivedAnswer> {
  const { promise, resolve } = Promise.withResolvers<ReceivedAnswer>();
  const from = performance.now();
  const headers = { host, 'content-type': 'application/json', 'x-request-id': id };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const asked = ask({ host: '127.0.0.1', port, method, path, headers, agent, signal: limit }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => resolve(NONE));
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        body: Buffer.concat(chunks).toString('utf8'),
        duration_ms: performance.now() - from,
      }),
    );
  });
  asked.on('error', () => resolve(NONE));
  asked.end(body);
  return promise;
}

/**
 * Puts the same requests to the old and to the new release, one after the other, and compares what they answer. Who is
 * asked first alternates, so that neither always meets the warm part. It ends early when the signal says so.
 */
export async function compareReleases(plan: ComparisonPlan): Promise<ComparisonData> {
  const agent = new Agent({ keepAlive: true });
  const way = (host: string): Way => ({ agent, port: plan.port, host, signal: plan.signal });
  const [old_way, next_way] = [way(plan.old_host), way(plan.next_host)];
  const pairs: AnswerPair[] = [];
  try {
    for (let sequence = 0; sequence < plan.pairs && !plan.signal.aborted; sequence += 1) {
      const id = visitId(plan.run, sequence);
      const question = questionOf(visitOf(sequence), id);
      const order = sequence % 2 === 0 ? [old_way, next_way] : [next_way, old_way];
      const answers = new Map<Way, ReceivedAnswer>();
      for (const one of order) answers.set(one, await put(one, question, id));
      pairs.push({
        request: `${question.method} ${question.path}`,
        route: question.route,
        old: answers.get(old_way) ?? NONE,
        next: answers.get(next_way) ?? NONE,
      });
    }
  } finally {
    agent.destroy();
  }
  return compareAnswers(pairs, IGNORED);
}
