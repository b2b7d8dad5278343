import { describe, expect, test } from 'vitest';
import { f28 } from './f28.ts';
import { canary, counter, judged, load, observed, shipped, spec, weight } from './testing/made.ts';

const run = [
  spec({ iterations: 2 }),
  ...observed('kubernetes', 'gateway'),
  shipped(),
  canary(20, 'Progressing', { iterations: 1 }),
  weight(40, 100),
  ...load(-5, 45, { count: 50 }),
];
const reads = counter({ app: 'shop', route: '/' }, 20, 40, 45);
const writes = counter({ app: 'shop', route: '/orders' }, 20, 40, 5);

describe('F28', () => {
  test('each request reaches both, and the primary answers', () => {
    expect(judged(f28, run, reads, writes)).toMatchObject({
      outcome: 'pass',
      reason: expect.stringContaining('100 of them are writes that happened twice'),
    });
  });

  test.each([
    [
      'a user is answered by the release',
      [reads, writes, ...load(30, 31, { count: 1, release: 'v2' })],
      /1 users were answered/,
    ],
    [
      'half of the requests is mirrored',
      [counter({ app: 'shop', route: '/' }, 20, 40, 20), writes],
      /asked 50 %/,
    ],
    ['no write is mirrored', [counter({ app: 'shop', route: '/' }, 20, 40, 50)], /no write/],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f28, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('requests that nobody counted prove nothing', () => {
    expect(judged(f28, run).outcome).toBe('inconclusive');
  });
});
