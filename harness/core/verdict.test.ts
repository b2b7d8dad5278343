import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import { combine, worst } from './verdict.ts';

const outcome = constantFrom('pass' as const, 'fail' as const, 'inconclusive' as const);

test('nothing judged is inconclusive, never a pass', () => {
  expect(worst([])).toBe('inconclusive');
  expect(combine([]).outcome).toBe('inconclusive');
});

test('the worst wins: a pass needs every part to pass, one failure is enough to fail', () => {
  assert(
    property(array(outcome, { minLength: 1 }), (outcomes) => {
      const all = worst(outcomes);
      expect(all === 'pass').toBe(outcomes.every((one) => one === 'pass'));
      expect(all === 'fail').toBe(outcomes.includes('fail'));
    }),
  );
});
