import { expect, test } from 'vitest';
import { Mode } from '../../fixtures/apps/shop/mode.ts';
import { isReadOnlyAnswer } from './read-only-answer.ts';

const BODY = '{"request_id":"a","error":"read-only until 2026-11-22T17:00:00.000Z: orders are not taken"}';

test('an answer by which nothing is written is known by its status, its reason and its time', () => {
  expect(isReadOnlyAnswer(503, BODY, '7')).toBe(true);
});

test("so is that of the proxy's rule, by what the shop itself says in its place", () => {
  using mode = new Mode({ always: true, log: () => undefined });
  const { reason, retry_after_s } = mode.readOnly() ?? { reason: '', retry_after_s: 0 };
  expect(isReadOnlyAnswer(503, `{"error":"${reason}"}`, String(retry_after_s))).toBe(true);
});

test.each([
  ['a database that is away', 503, '{"error":"database not available"}', undefined],
  ['a pod that starts', 503, '{"error":"not ready"}', undefined],
  ['a gateway without a pod', 503, 'no available server', undefined],
  ['a gateway that cannot say more', 503, null, undefined],
  ['somebody who does not say when to come back', 503, BODY, undefined],
  ['somebody who says so with words', 503, BODY, 'soon'],
  ['an order that was taken', 201, BODY, '7'],
])('%s is none', (_who, status, body, retry_after) => {
  expect(isReadOnlyAnswer(status, body, retry_after)).toBe(false);
});
