import { describe, expect, test } from 'vitest';
import { f12 } from './f12.ts';
import { call, canary, judged, load, observed, shipped, spec, state, told, weight } from './testing/made.ts';

const once = told(6, 'Canary is waiting for approval.');
const run = [
  spec(),
  ...observed('kubernetes', 'gateway', 'chat', 'gate'),
  shipped(),
  weight(-40, 0),
  canary(5, 'Waiting'),
  call(5, '/confirm-rollout', 403),
  call(15, '/confirm-rollout', 403),
  call(25, '/confirm-rollout', 200),
  ...load(-5, 60, { count: 50 }),
];

describe('F12', () => {
  test('a closed gate keeps the release from everything', () => {
    expect(judged(f12, run, once)).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    ['a pod of the release was made', [once, state(12, 'Pod/shop-1', { release: 'v2' })], /pods/],
    ['traffic was declared', [once, weight(12, 20)], /declared/],
    ['the chat was told at each tick', [once, told(16, 'Canary is waiting for approval.')], /2 messages/],
    ['nobody was told', [], /0 messages/],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f12, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('without a gate that was watched nothing is known', () => {
    expect(judged(f12, spec(), shipped(), ...observed('kubernetes', 'chat')).outcome).toBe('inconclusive');
  });
});
