import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '#harness/run/catalogue.ts';
import { generatedReadme, replacePart } from './readme.ts';

test('the generated parts of the README are up to date (node scripts/readme.ts)', async () => {
  expect(await generatedReadme()).toBe(readFileSync(join(ROOT, 'README.md'), 'utf8'));
});

test('a missing marker is an error, not a README without its table', () => {
  expect(() => replacePart('no markers', 'scenarios', 'x')).toThrow('no markers for scenarios');
});
