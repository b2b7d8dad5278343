import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { breachesOf, findCycles, importsOf, readImports } from './walls.ts';

const ROOT = join(import.meta.dirname, '..');

describe('the project', () => {
  test('keeps its import walls', async () => {
    const imports = await readImports(ROOT);
    expect(imports.size).toBeGreaterThan(50);
    const breaches = [...imports].flatMap(([file, specifiers]) => breachesOf(file, specifiers));
    expect(breaches.map(({ file, target, why }) => `${file} imports ${target}: ${why}`)).toEqual([]);
  });

  test('has no circle of imports', async () => {
    expect(findCycles(await readImports(ROOT))).toEqual([]);
  });
});

describe('a breach is found', () => {
  test.each([
    ['harness/core/units.ts', 'node:fs'],
    ['harness/judge/rules/harm.ts', '#harness/kube/client.ts'],
    ['harness/kube/client.ts', '#harness/stack/stack.ts'],
    ['harness/stack/stack.ts', '@kubernetes/client-node'],
    ['harness/stack/stack.ts', 'node:child_process'],
    ['harness/run/prepare.ts', '#reports/write.ts'],
    ['reports/html/page.tsx', '#harness/observe/recorder.ts'],
    ['harness/run/prepare.ts', '#harness/core/testing/synthetic-run.ts'],
  ])('%s must not import %s', (file, specifier) => {
    expect(breachesOf(file, [specifier])).not.toEqual([]);
  });

  test('a circle', () => {
    const imports = new Map([
      ['harness/run/a.ts', ['./b.ts']],
      ['harness/run/b.ts', ['./a.ts']],
    ]);
    expect(findCycles(imports)).toEqual([['harness/run/a.ts', 'harness/run/b.ts', 'harness/run/a.ts']]);
  });
});

test('imports are read whatever their form', () => {
  const source = `import a from 'one'; export { b } from 'two'; export * from 'three'; // import 'not'
    const text = "import x from 'neither'"; await import('four'); import type { T } from 'five';`;
  expect(importsOf('x.ts', source).toSorted()).toEqual(['five', 'four', 'one', 'three', 'two']);
});
