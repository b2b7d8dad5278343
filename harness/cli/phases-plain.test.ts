import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PlainPhases } from './phases-plain.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mettle-phases-'));
  vi.stubEnv('XDG_CACHE_HOME', folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const now = (): Promise<Disposable> => Promise.resolve({ [Symbol.dispose]: () => undefined });

test('lines of phases side by side are told apart, and each says how it ended', async () => {
  let text = '';
  const phases = new PlainPhases((more) => {
    text += more;
  });
  const ends = await phases.sideBySide([
    { title: 'first', key: 'first', turn: now, act: async (progress) => progress('steady state') },
    {
      title: 'second',
      key: 'second',
      turn: now,
      act: async () => {
        throw new Error('broke');
      },
    },
    {
      title: 'third',
      key: 'third',
      turn: () => Promise.reject(new Error('stopped')),
      act: async () => undefined,
    },
  ]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  const lines = text.replaceAll(/\[ *[\d.]+ s\] /g, '').replaceAll(/[\d.]+ s/g, 'N s');
  expect(lines.split('\n').toSorted()).toEqual(
    [
      '',
      '  first | steady state',
      'first',
      'second',
      '✔ first in N s',
      '✖ second after N s; last: just started',
    ].toSorted(),
  );
});
