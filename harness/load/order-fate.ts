import { UNCERTAIN_CONTENT } from '../../fixtures/apps/shop/catalogue.ts';
import type { PlacedOrderFact } from '../core/recovery.ts';

/** What the client knows of an order once the answer is there. */
export type OrderFate = Pick<PlacedOrderFact, 'content_hash' | 'outcome'>;

/** In the answer to an order; see `orderContent` of the shop's catalogue. */
const CONTENT_HASH = /"content_hash":"([0-9a-f]{8})"/;

/**
 * By these a gateway says that it handed the request on and got no answer that it could use: whether the order was taken,
 * it does not know (RFC 9110, 15.6.3 and 15.6.5).
 */
const NOT_KNOWN = new Set([502, 504]);

/**
 * What became of an order, by the answer to it. The hash is the one that the shop gave; whether it is right is for the
 * answer's goodness to say, where the client compares it with its own. The load script uses it, so it imports by path.
 * @param status of the answer; 0 where none came
 * @param body as the load generator has it: no text where there was none
 */
export function fateOf(status: number, body: unknown): OrderFate {
  const text = typeof body === 'string' ? body : '';
  if (status === 201) return { content_hash: CONTENT_HASH.exec(text)?.[1] ?? '', outcome: 'accepted' };
  // Anything else below 400 is no answer that the shop gives.
  const is_known = status >= 400 && !NOT_KNOWN.has(status) && !text.includes(UNCERTAIN_CONTENT);
  return { content_hash: '', outcome: is_known ? 'refused' : 'unknown' };
}
