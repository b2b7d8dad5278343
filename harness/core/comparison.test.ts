import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerPair, compareAnswers, contentOf } from './comparison.ts';

const IGNORED = new Set(['release', 'pod', 'request_id']);

function pair(
  overrides: Partial<Record<'old' | 'next', { status?: number; body?: string; duration_ms?: number }>> = {},
): AnswerPair {
  const answer = { status: 200, duration_ms: 4 };
  return {
    request: 'GET /items/7',
    route: 'GET /items/:id',
    old: { ...answer, body: '{"release":"v1","pod":"a","price_cents":100}', ...overrides.old },
    next: { ...answer, body: '{"release":"v2","pod":"b","price_cents":100}', ...overrides.next },
  };
}

describe('compareAnswers', () => {
  it('finds nothing where only who answered differs, and the order of fields', () => {
    const found = compareAnswers(
      [pair(), pair({ next: { body: '{"price_cents":100,"pod":"c"}' } })],
      IGNORED,
    );
    expect(found).toMatchObject({ pairs: 2, unanswered: 0, differences: [] });
    expect(found.durations).toEqual([
      { route: 'GET /items/:id', pairs: 2, old_median_ms: 4, next_median_ms: 4 },
    ]);
  });

  it('lists what differs in status and in body, with a few examples', () => {
    const wrong = pair({ next: { body: '{"price_cents":101}' } });
    const failed = pair({ next: { status: 500, body: 'no' } });
    const { differences } = compareAnswers([wrong, wrong, wrong, wrong, failed, pair()], IGNORED);
    expect(differences).toMatchObject([
      {
        in: 'body',
        pairs: 4,
        examples: [{ old: '{"price_cents":100}', next: '{"price_cents":101}' }, {}, {}],
      },
      {
        in: 'status',
        pairs: 1,
        examples: [{ request: 'GET /items/7', old: 'status 200', next: 'status 500' }],
      },
    ]);
  });

  it('compares no further what was not answered', () => {
    expect(compareAnswers([pair({ next: { status: 0, body: '' } })], IGNORED)).toEqual({
      pairs: 1,
      unanswered: 1,
      differences: [],
      durations: [],
    });
  });

  it('shows the place of the difference in a long body', () => {
    const long = JSON.stringify({ text: 'x'.repeat(1000) });
    const [found] = compareAnswers(
      [pair({ old: { body: `${long}old` }, next: { body: `${long}new` } })],
      IGNORED,
    ).differences;
    expect(found?.examples[0]?.old).toContain('old');
    expect(found?.examples[0]?.old.length).toBeLessThan(200);
  });

  it('finds every answer equal to itself, JSON or not', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(compareAnswers([pair({ old: { body }, next: { body } })], IGNORED).differences).toEqual([]);
        expect(contentOf(contentOf(body, IGNORED), IGNORED)).toBe(contentOf(body, IGNORED));
      }),
    );
  });
});
