import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import { combine, type RuleVerdict, standingOfRun, type Verdict, worst } from './verdict.ts';

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

const rule = (id: string, held: boolean): RuleVerdict => ({
  rule: id,
  promise: 'it holds',
  outcome: held ? 'pass' : 'fail',
  reason: 'measured',
  limit: 'none',
  evidence: [],
});

const run = (contract: boolean, other: boolean): Verdict => ({
  ...combine([rule('F1', contract), rule('exposure', other)]),
  known_break: { contract: 'F1', thread: 'fluxcd/flagger#1' },
});

test('a contract that holds excuses no other rule, and one that is broken as known is told with what broke along', () => {
  expect(standingOfRun(run(true, true))).toBe('news');
  expect(standingOfRun(run(true, false))).toBe('fail');
  expect(standingOfRun(run(false, true))).toBe('known-break');
  expect(standingOfRun(run(false, false))).toBe('known-break');
});
