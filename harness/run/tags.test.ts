import { expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { parseTags } from './tags.ts';

test.each([
  ['nightly', ['nightly'], true],
  ['nightly', [], false],
  ['!slow', ['nightly'], true],
  ['!slow', ['slow'], false],
  ['nightly,!slow', ['nightly'], true],
  ['nightly, !slow', ['nightly', 'slow'], false],
] as const)('%j and the tags %j: %j', (text, tags, meant) => {
  expect(parseTags(text)(tags)).toBe(meant);
});

test('an unknown tag gets the nearest ones', () => {
  expect(() => parseTags('!nightyl')).toThrow(UsageError);
  expect(() => parseTags('!nightyl')).toThrow('there is no tag "nightyl"');
  expect(() => parseTags('')).toThrow('there is no tag ""');
});
