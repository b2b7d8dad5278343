import { describe, expect, test } from 'vitest';
import { f14 } from './f14.ts';
import { call, canary, judged, load, observed, shipped, spec, weight } from './testing/made.ts';

const run = [
  spec({ expected: 'rollback' }),
  ...observed('kubernetes', 'gateway', 'gate'),
  shipped(),
  weight(20, 20),
  canary(20, 'Progressing', { weight_pct: 20 }),
  call(30, '/rollout', 500),
  canary(30.1, 'Progressing', { weight_pct: 20, failed_checks: 1 }),
  call(40, '/rollout', 0, { delay_ms: 2000 }),
  ...load(-5, 60, { count: 50 }),
];
const counted = canary(42, 'Progressing', { weight_pct: 20, failed_checks: 2 });

describe('F14', () => {
  test('a refused and a late call count, and the threshold rolls back', () => {
    expect(judged(f14, run, counted, weight(50, 0), canary(50, 'Failed')).outcome).toBe('pass');
  });

  test('a call that is not counted is noticed', () => {
    expect(judged(f14, run, canary(50, 'Failed')).reason).toMatch(/counted as 1 failed/);
  });

  test('a step while the hook fails is noticed', () => {
    expect(judged(f14, run, counted, weight(35, 40), canary(50, 'Failed')).reason).toMatch(/went to 40 %/);
  });

  test('a threshold without a rollback is noticed', () => {
    expect(judged(f14, run, counted).reason).toMatch(/never rolled back/);
  });

  test('a hook that was never late proves nothing', () => {
    const refused = run.filter((one) => one.source !== 'gate' || one.data.status !== 0);
    expect(judged(f14, refused, canary(50, 'Failed')).outcome).toBe('inconclusive');
  });
});
