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
 * Requests under way at once: the comparison is over before the rollout goes on, even where answers take a tenth of a
 * second, and still no load to speak of.
 */
const AT_ONCE = 8;

/**
 * Puts the same requests to the old and to the new release and compares what they answer. Of each pair one is asked
 * after the other, and who is first alternates, so that neither always meets the warm part. It ends early when the
 * signal says so.
 */
export async function compareReleases(plan: ComparisonPlan): Promise<ComparisonData> {
  const { port, run, signal } = plan;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const old_way: Way = { agent, port, host: plan.old_host, signal };
  const next_way: Way = { agent, port, host: plan.next_host, signal };
  const pairs: AnswerPair[] = [];
  let next_sequence = 0;
  const worker = async (): Promise<void> => {
    while (next_sequence < plan.pairs && !signal.aborted) {
      const sequence = next_sequence;
      next_sequence += 1;
      const id = visitId(run, sequence);
      const question = questionOf(visitOf(sequence), id);
      const old_first = sequence % 2 === 0;
      const first = await put(old_first ? old_way : next_way, question, id);
      const second = await put(old_first ? next_way : old_way, question, id);
      pairs.push({
        request: `${question.method} ${question.path}`,
        route: question.route,
        old: old_first ? first : second,
        next: old_first ? second : first,
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    agent.destroy();
  }
  return compareAnswers(pairs, IGNORED);
}
