import { expect, test } from 'vitest';
import { metricsIn } from './rule-check.ts';

const selector = (name: string, type = 'vectorSelector'): object => ({
  type,
  name,
  matchers: [{ type: '=', name: '__name__', value: name }],
});

test('the metrics of a parsed expression are its selectors, each once, not its functions or labels', () => {
  const parsed = {
    type: 'binaryExpr',
    op: '/',
    lhs: {
      type: 'call',
      func: { name: 'rate', argTypes: ['matrix'] },
      args: [selector('a_total', 'matrixSelector')],
    },
    rhs: { type: 'aggregation', op: 'sum', grouping: ['name'], expr: selector('b_total') },
    more: selector('a_total'),
  };
  expect(metricsIn(parsed)).toEqual(['a_total', 'b_total']);
});
