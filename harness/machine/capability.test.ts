import { expect, test } from 'vitest';
import { boundsSysResource } from './capability.ts';

test.each([
  ['CapBnd:\t000001ffffffffff', true],
  ['CapBnd:\t000001fffeffffff', false],
  ['CapBnd:\t0000000001000000', true],
  ['CapBnd:\t0000000000000000', false],
  ['Name:\tnode', true],
])('%s', (line, has) => {
  expect(boundsSysResource(`Name:\tnode\n${line}\nCapAmb:\t0\n`)).toBe(has);
});
