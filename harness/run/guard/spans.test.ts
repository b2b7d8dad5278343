import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LeftOut } from '#harness/core/guard/facts.ts';
import type { Migration } from '#harness/database/migrations/types.ts';
import type { GuardRequest } from './request.ts';
import { spansOf } from './spans.ts';

const LEFT_OUT = ['old-release', 'new-release', 'behind-reader', 'kills', 'growth'] as const;

function madeRequest(judged: number, more: Partial<GuardRequest> = {}): GuardRequest {
  const nothing = { path: '', text: '', statements: [] };
  const migrations = Array.from(
    { length: judged },
    (_, index): Migration => ({ name: String(index), tool: 'sql', up: nothing, in_transaction: true }),
  );
  return {
    set: { tool: 'sql', root: '', migrations },
    earlier: [],
    judged: migrations,
    data: { source: 'generated', rows: 10 },
    made_up: true,
    rate_per_s: 300,
    seed: 1,
    engine: 'embedded',
    left_out: leftOut(LEFT_OUT),
    ...more,
  };
}

function leftOut(parts: readonly LeftOut['part'][]): readonly LeftOut[] {
  return parts.map((part) => ({ part, why: 'not asked for' }));
}

test('every migration is judged once, whatever the number', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 64 }), (judged, processors) => {
      const spans = spansOf(madeRequest(judged), processors);
      const places = spans.flatMap(({ from, until }) =>
        Array.from({ length: until - from }, (_, index) => from + index),
      );
      expect(places).toEqual(Array.from({ length: judged }, (_, index) => index));
      expect(spans.every(({ from, until }) => until > from)).toBe(true);
    }),
  );
});

test('a long history goes in two stretches, of which the one that has to catch up is the shorter', () => {
  expect(spansOf(madeRequest(342), 2)).toEqual([
    { from: 0, until: 185 },
    { from: 185, until: 342 },
  ]);
});

test.each([
  ['one processor', madeRequest(342), 1],
  ['a short history', madeRequest(79), 2],
  ["somebody's own rows", madeRequest(342, { data: { source: 'dump', path: 'dump.sql' } }), 2],
  ['a reader in the way', madeRequest(342, { reader_ms: 500 }), 2],
  ['kills', madeRequest(342, { left_out: leftOut(LEFT_OUT.filter((part) => part !== 'kills')) }), 2],
  ['several sizes', madeRequest(342, { left_out: leftOut(LEFT_OUT.filter((part) => part !== 'growth')) }), 2],
  ['errors that count', madeRequest(342, { left_out: leftOut(['kills', 'growth']) }), 2],
])('with %s it is one', (_, request, processors) => {
  expect(spansOf(request, processors)).toEqual([{ from: 0, until: request.judged.length }]);
});
