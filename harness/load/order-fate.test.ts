import { describe, expect, it } from 'vitest';
import {
  orderContent,
  orderHash,
  orderTotalCents,
  UNCERTAIN_CONTENT,
} from '#fixtures/apps/shop/catalogue.ts';
import { fateOf } from './order-fate.ts';

const LINES = [{ item_id: 7, quantity: 2 }];
const HASH = orderHash(LINES, orderTotalCents(LINES));

describe('fateOf', () => {
  it('takes the hash from the answer, where the client can hold it against its own', () => {
    const body = `{"release":"v1","order_id":"run-1",${orderContent(LINES)}}`;
    expect(fateOf(201, body)).toEqual({ content_hash: HASH, outcome: 'accepted' });
    expect(fateOf(201, `{${orderContent(LINES, 1)}}`).content_hash).not.toBe(HASH);
  });

  it.each([
    ['a page of the gateway', 'Created'],
    ['nothing', null],
  ])('counts an order as accepted whose answer holds %s', (_what, body) => {
    expect(fateOf(201, body)).toEqual({ content_hash: '', outcome: 'accepted' });
  });

  it.each([400, 404, 409, 413, 429, 500, 503])('was told by %d that it failed', (status) => {
    expect(fateOf(status, `{${orderContent(LINES)}}`)).toEqual({ content_hash: '', outcome: 'refused' });
  });

  it.each([0, 200, 204, 302, 502, 504])('knows nothing by %d', (status) => {
    expect(fateOf(status, null)).toEqual({ content_hash: '', outcome: 'unknown' });
  });

  it('knows nothing where the shop itself does not', () => {
    const body = `{"error":"database not available",${UNCERTAIN_CONTENT}}`;
    expect(fateOf(503, body)).toEqual({ content_hash: '', outcome: 'unknown' });
  });
});
