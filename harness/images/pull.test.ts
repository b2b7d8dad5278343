import { expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { prepareArtifacts } from './artifacts.ts';
import { publishedRef } from './pull.ts';

test.each([
  ['127.0.0.1:5000', '127.0.0.1:5000/mettle/shop:0.1.0-ab'],
  ['localhost:5000', 'localhost:5000/mettle/shop:0.1.0-ab'],
  ['mirror.example/team/a', 'mirror.example/team/a/mettle/shop:0.1.0-ab'],
])('below %s an image is published as %s', (registry, published) => {
  expect(publishedRef(registry, 'localhost/mettle/shop:0.1.0-ab')).toBe(published);
});

test.each([
  'http://127.0.0.1:5000',
  'mirror.example/',
  '',
  'mirror example',
  '-x',
  'a b',
  '--all',
  'team',
  'localhost',
  'a.b/../c',
  'A.b',
])('%j is no prefix', (registry) => {
  expect(() => publishedRef(registry, 'localhost/mettle/shop:1')).toThrow(UsageError);
});

test('pull without a registry is a mistake of usage', async () => {
  const refused = prepareArtifacts({
    mode: 'pull',
    images: [],
    definitions: [],
    progress: () => undefined,
  });
  await expect(refused).rejects.toMatchObject({ exit_code: 64, next: expect.stringContaining('--registry') });
});
