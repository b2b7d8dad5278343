import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { parseMoment } from './moment.ts';

const NO_OBJECT = { apiVersion: 'v1', kind: 'Rollout', metadata: { name: 'shop' } };

describe('parseMoment', () => {
  test('a weight is reached at it and above', () => {
    const { canary, rollout } = parseMoment('weight 20');
    expect([10, 20, 30].map((weight_pct) => canary({ weight_pct }))).toEqual([false, true, true]);
    expect(rollout({ weight_pct: 20 }, NO_OBJECT)).toBe(true);
  });

  test('a promotion, an abort and a pending scale-down', () => {
    expect(parseMoment('promotion').canary({ phase: 'Promoting' })).toBe(true);
    expect(parseMoment('promotion').canary({ phase: 'Progressing' })).toBe(false);
    const stepped = { ...NO_OBJECT, spec: { strategy: { canary: { steps: [{}, {}] } } } };
    expect(parseMoment('promotion').rollout({ step: 2 }, stepped)).toBe(true);
    expect(parseMoment('promotion').rollout({ step: 1 }, stepped)).toBe(false);
    expect(parseMoment('abort').rollout({ aborted: true }, NO_OBJECT)).toBe(true);
    expect(parseMoment('scale-down')).toMatchObject({ with_pods: true });
  });

  test.each(['weight', 'weight 0', 'weight 101', 'promotoin', '', 'weight 20%'])('refuses %j', (text) => {
    expect(() => parseMoment(text)).toThrow(UsageError);
  });
});
