import { request } from 'node:http';
import type { OrderLine } from '#fixtures/apps/shop/catalogue.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { listAt, numberAt } from '#harness/core/kubernetes.ts';

/** An order as the shop holds it. */
export interface StoredOrder {
  /** Strictly increasing, with gaps. */
  readonly position: number;
  /** `<run>-<sequence>` for those of a load: see fixtures/apps/shop/visits.ts for what each must hold. */
  readonly id: string;
  readonly lines: readonly OrderLine[];
  readonly total_cents: number;
  readonly content_hash: string;
  /** Release and pod that accepted it. */
  readonly release: string;
  readonly pod: string;
  /** When, in milliseconds since the Unix epoch. */
  readonly accepted_at: number;
}

export interface ShopAddress {
  /** Of a gateway, on 127.0.0.1. */
  readonly port: number;
  /** Name that the gateway routes by. */
  readonly host: string;
}

const PAGE = 10_000;
const TIMEOUT_MS = 10_000;

/**
 * Every order that the shop holds, by way of the gateway. An order under way may be missing: ask once the load has ended.
 * Without a database each pod knows only its own.
 * @throws UnfitError when the shop does not answer
 */
export async function listOrders(shop: ShopAddress): Promise<readonly StoredOrder[]> {
  const orders: StoredOrder[] = [];
  for (let since = 0; ; ) {
    const answer: unknown = JSON.parse(await read(shop, `/orders?since=${since}&limit=${PAGE}`));
    const page = listAt(answer, 'orders').filter(isStoredOrder);
    orders.push(...page);
    const next = numberAt(answer, 'next') ?? since;
    if (page.length === 0 || next <= since) return orders;
    since = next;
  }
}

function isStoredOrder(value: unknown): value is StoredOrder {
  return numberAt(value, 'position') !== undefined && listAt(value, 'lines').length > 0;
}

/** `fetch` does not let its caller choose the Host header. */
async function read({ port, host }: ShopAddress, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const asked = request({ host: '127.0.0.1', port, path, headers: { host }, signal }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`status ${response.statusCode}: ${text}`));
    });
  });
  asked.on('error', reject);
  asked.end();
  return await promise.catch((cause: unknown) => {
    throw new UnfitError(`the shop ${host} on port ${port} does not list its orders`, { cause });
  });
}
