/** Sends the requests of a release that serves HTTP. */
import { Pool } from 'undici';
import { messageOf } from '#harness/core/errors.ts';
import { seededRandom } from '#harness/core/random.ts';
import { openSession } from '../guard/apply-session.ts';
import { type Drawer, drawerOf, seedOf, type Value } from './draw.ts';
import type { Carrier, Work } from './lane.ts';
import { USE } from './read-http.ts';
import type { Sender } from './sql-sender.ts';
import type { Failure } from './stretch.ts';
import type { HttpRequest, WorkloadOptions } from './types.ts';

/** Requests that may be under way at once, of those that read and of those that write. */
const CONNECTIONS = 16;
/** The first status that is no good answer. */
const FIRST_BAD = 400;
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

interface HttpItem {
  readonly request: HttpRequest;
  readonly draw: Drawer;
}

type Escape = (value: string) => string;

const asWritten: Escape = (value) => value;
/** Between quotation marks, as the person has written them. */
const inJson: Escape = (value) => JSON.stringify(value).slice(1, -1);

function filled(text: string, values: Readonly<Record<string, Value>>, escape: Escape): string {
  return text.replaceAll(USE, (_, name: string) => escape(values[name] ?? ''));
}

function escapeFor(type: string | undefined): Escape {
  if (type?.includes('json') === true) return inJson;
  return type?.includes('form-urlencoded') === true ? encodeURIComponent : asWritten;
}

/** One request at a time; the connection under it is the pool's. */
class HttpCarrier implements Carrier {
  readonly #pool: Pool;
  readonly #items: readonly HttpItem[];

  constructor(pool: Pool, items: readonly HttpItem[]) {
    this.#pool = pool;
    this.#items = items;
  }

  async carry({ item, done }: Work): Promise<void> {
    done(
      await this.#send(item).catch((error: unknown) => ({
        code: error instanceof Error && 'code' in error ? String(error.code) : 'connection',
        message: messageOf(error),
      })),
    );
  }

  async #send(item: number): Promise<Failure | undefined> {
    const { request, draw } = this.#items[item] ?? {};
    if (request === undefined || draw === undefined) return { code: 'unknown', message: 'no such request' };
    const values = draw();
    const { method, path, headers, body } = request;
    const { statusCode, body: answer } = await this.#pool.request({
      method,
      path: filled(path, values, encodeURIComponent),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, filled(value, values, asWritten)]),
      ),
      ...(body === undefined ? {} : { body: filled(body, values, escapeFor(headers['content-type'])) }),
    });
    // An answer is one only when it is there in full.
    await answer.dump({ limit: Infinity });
    return statusCode < FIRST_BAD
      ? undefined
      : { code: String(statusCode), message: `${method} ${request.path} was answered with ${statusCode}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

/** @param origin of the release: `http://127.0.0.1:3000` */
export async function httpSender(
  requests: readonly HttpRequest[],
  origin: string,
  { address, side, seed }: WorkloadOptions,
): Promise<Sender> {
  await using session = await openSession(address, `mettle ${side} samples`);
  const random = seededRandom(seedOf(seed, side));
  const items: HttpItem[] = [];
  for (const request of requests) {
    const draw = await drawerOf(request.parameters, { client: session.client, side, seed, random });
    items.push({ request, draw });
  }
  const carriers = (): readonly Carrier[] => {
    const pool = new Pool(origin, { connections: CONNECTIONS });
    return Array.from({ length: CONNECTIONS }, () => new HttpCarrier(pool, items));
  };
  const sent = requests.map(({ name, weight, method }) => ({ name, weight, reads_only: READS.has(method) }));
  return { sent, carriers: { readers: carriers(), writers: carriers() } };
}
