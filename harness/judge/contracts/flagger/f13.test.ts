import { describe, expect, test } from 'vitest';
import { f13 } from './f13.ts';
import { call, canary, judged, load, observed, shipped, spec, weight } from './testing/made.ts';

const run = [
  spec(),
  ...observed('kubernetes', 'gateway', 'gate'),
  shipped(),
  weight(-40, 0),
  canary(10, 'Progressing'),
  call(20, '/pre-rollout', 403),
  canary(20.1, 'Progressing', { failed_checks: 1 }),
  call(30, '/pre-rollout', 200),
  weight(30.1, 20),
  ...load(-5, 30, { count: 50 }),
];

describe('F13', () => {
  test('a refusal is a failed check, and no traffic comes before the hook passes', () => {
    expect(judged(f13, run).outcome).toBe('pass');
  });

  test('a refusal that is not counted is noticed', () => {
    const uncounted = run.filter((one) => one.source !== 'kubernetes' || one.kind !== 'object');
    expect(judged(f13, uncounted, canary(10, 'Progressing'))).toMatchObject({ outcome: 'fail' });
  });

  test('traffic while the hook fails is noticed', () => {
    expect(judged(f13, run, weight(22, 20)).reason).toMatch(/traffic was declared/);
  });

  test('a hook that was never refused proves nothing', () => {
    const open = run.filter((one) => one.source !== 'gate');
    expect(judged(f13, open, call(20, '/pre-rollout', 200)).outcome).toBe('inconclusive');
  });
});
