import { describe, expect, test } from 'vitest';
import { f27 } from './f27.ts';
import { canary, judged, load, observed, shipped, spec, state, weight } from './testing/made.ts';

const checked = [
  spec({ iterations: 2 }),
  ...observed('kubernetes', 'gateway'),
  shipped(),
  canary(20, 'Progressing', { iterations: 1 }),
  ...load(-5, 39, { count: 50 }),
];
const primary = state(65, 'Deployment/shop-primary', { release: 'v2', replicas: 2, ready: 2, updated: 2 });
const switched = [
  weight(-40, 0),
  weight(40, 100),
  canary(50, 'Promoting'),
  weight(70, 0),
  ...load(41, 90, { count: 50, release: 'v2' }),
];
const plain = [canary(40, 'Promoting'), ...load(41, 90, { count: 50, release: 'v2' })];

describe('F27', () => {
  test('behind a gateway everything goes to the release while the primary is updated', () => {
    expect(judged(f27, checked, switched, primary).outcome).toBe('pass');
  });

  test('without a gateway of its own nobody meets it before the promotion', () => {
    expect(judged(f27, checked, plain)).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [
      'a user meets it while it is checked',
      [...switched, primary, ...load(25, 26, { count: 1, release: 'v2' })],
      /while it was checked/,
    ],
    ['the traffic goes back too early', switched, /before it was updated/],
    [
      'a request is lost',
      [...switched, primary, ...load(55, 56, { count: 1, bad: true, release: 'v2' })],
      /lost/,
    ],
    ['a weight comes in between', [...switched, primary, weight(30, 50)], /declared 50, 100, 0 %/],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f27, checked, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('a release that was never promoted proves nothing', () => {
    expect(judged(f27, checked).outcome).toBe('inconclusive');
  });
});
