import { describe, expect, test } from 'vitest';
import { f18 } from './f18.ts';
import { call, canary, judged, observed, shipped, spec } from './testing/made.ts';

const run = [
  spec(),
  ...observed('kubernetes', 'gate'),
  shipped(),
  canary(10, 'Progressing'),
  canary(50, 'Succeeded'),
  canary(60, 'Succeeded'),
];
const told = (seconds: number, phase: string) => call(seconds, '/post-rollout', 200, { phase });

describe('F18', () => {
  test('one end, one call with its phase', () => {
    expect(judged(f18, run, told(50, 'Succeeded')).outcome).toBe('pass');
  });

  test('a second release that fails is a second call', () => {
    const records = [canary(70, 'Progressing'), canary(90, 'Failed')];
    expect(judged(f18, run, records, told(50, 'Succeeded'), told(90, 'Failed')).outcome).toBe('pass');
    expect(judged(f18, run, records, told(50, 'Succeeded')).outcome).toBe('fail');
  });

  test.each([
    ['twice', [told(50, 'Succeeded'), told(60, 'Succeeded')]],
    ['never', []],
    ['with another phase', [told(50, 'Progressing')]],
  ])('a hook that is called %s is noticed', (_, calls) => {
    expect(judged(f18, run, calls).outcome).toBe('fail');
  });

  test('a rollout without an end proves nothing', () => {
    expect(judged(f18, run.slice(0, -2)).outcome).toBe('inconclusive');
  });
});
