import { expect, test } from 'vitest';
import { told } from './data.ts';

test('what the server quotes of a statement is told without its password', () => {
  const refusal = {
    index: 0,
    code: '08006',
    message: `could not connect: "host=db password='pla nted'"`,
    detail: 'postgres://reader:planted@db/shop',
  };
  expect(told(refusal)).toBe(
    'the server refused statement 1: 08006 could not connect: "host=db password=[removed by mettle]" (postgres://reader:[removed by mettle]@db/shop)',
  );
});
