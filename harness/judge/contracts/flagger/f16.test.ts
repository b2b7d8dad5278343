import { describe, expect, test } from 'vitest';
import { f16 } from './f16.ts';
import { call, canary, judged, observed, shipped, spec, state, weight } from './testing/made.ts';

const run = [
  spec(),
  ...observed('kubernetes', 'gateway', 'gate'),
  shipped(),
  weight(20, 20),
  call(40, '/confirm-promotion', 403),
  canary(40.1, 'WaitingPromotion'),
];
const check = call(50, '/rollout', 200);
const opened = call(60, '/confirm-promotion', 200);

describe('F16', () => {
  test('it waits, checks, and is promoted once the gate opens', () => {
    expect(judged(f16, run, check, opened)).toMatchObject({
      outcome: 'pass',
      reason: expect.stringContaining('promoted'),
    });
  });

  test('it can be rolled back out of the wait', () => {
    expect(judged(f16, run, check, canary(60, 'Failed'))).toMatchObject({
      outcome: 'pass',
      reason: expect.stringContaining('rolled back'),
    });
  });

  test.each([
    [
      'the release is copied',
      [check, opened, state(45, 'Deployment/shop-primary', { release: 'v2' })],
      /copied/,
    ],
    ['no check is made', [opened], /no check/],
    ['the weight moves', [check, opened, weight(45, 100)], /went to 100 %/],
    ['it leaves the phase', [check, opened, canary(45, 'Progressing')], /left phase/],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f16, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('a gate that was never closed proves nothing', () => {
    expect(judged(f16, run.slice(0, -2), opened).outcome).toBe('inconclusive');
  });
});
