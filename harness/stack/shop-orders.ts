import type { OrderLine } from '#fixtures/apps/shop/catalogue.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { listAt, numberAt } from '#harness/core/kubernetes.ts';
import { answerOfShop, type ShopAddress } from './ask-shop.ts';

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

const PAGE = 10_000;

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

async function read(shop: ShopAddress, path: string): Promise<string> {
  try {
    const { status, body } = await answerOfShop(shop, { method: 'GET', path });
    if (status === 200) return body;
    throw new Error(`status ${status}: ${body}`);
  } catch (cause) {
    throw new UnfitError(`the shop ${shop.host} on port ${shop.port} does not list its orders`, { cause });
  }
}
