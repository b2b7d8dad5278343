import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decides } from './go-build.ts';
import { digestFiles, keyOf } from './key.ts';

const members = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxKeys: 6 });

describe('keyOf', () => {
  test('does not depend on the order in which members were written', () => {
    fc.assert(
      fc.property(members, (inputs) => {
        const reversed = Object.fromEntries(Object.entries(inputs).toReversed());
        expect(keyOf(reversed)).toBe(keyOf(inputs));
      }),
    );
  });

  test('changes when a member is added, removed or changed', () => {
    fc.assert(
      fc.property(members, fc.string(), fc.string(), (inputs, name, value) => {
        fc.pre(inputs[name] !== value);
        expect(keyOf({ ...inputs, [name]: value })).not.toBe(keyOf(inputs));
      }),
    );
  });

  test('tells a text from a number, and lists by their order', () => {
    expect(keyOf(['1'])).not.toBe(keyOf([1]));
    expect(keyOf(['a', 'b'])).not.toBe(keyOf(['b', 'a']));
    expect(keyOf(['ab'])).not.toBe(keyOf(['a', 'b']));
  });
});

describe('what decides the key of a Go folder', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mettle-key-'));
    await mkdir(join(folder, 'output'));
    for (const path of ['go.mod', 'go.sum', 'main.go', 'output/output.go'])
      await writeFile(join(folder, path), path);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test.each(['go.mod', 'go.sum', 'main.go', 'output/output.go', 'output/new.go'])('%s does', async (path) => {
    const before = await digestFiles(folder, decides);
    await writeFile(join(folder, path), 'changed');
    expect(keyOf(await digestFiles(folder, decides))).not.toBe(keyOf(before));
  });

  test.each(['README.md', 'main_test.go', 'output/output_test.go', 'output/fixture.json'])(
    '%s does not',
    async (path) => {
      const before = await digestFiles(folder, decides);
      await writeFile(join(folder, path), 'changed');
      expect(keyOf(await digestFiles(folder, decides))).toBe(keyOf(before));
    },
  );
});
