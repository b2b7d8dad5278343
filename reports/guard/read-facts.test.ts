import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { madeFacts } from '#harness/judge/guard/testing/made-guard.ts';
import { readGuardFacts } from './read-facts.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mettle-facts-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const write = (value: unknown): void => writeFileSync(join(folder, 'facts.json'), JSON.stringify(value));

describe('readGuardFacts', () => {
  test('reads what a run has written', async () => {
    write(madeFacts());
    expect(await readGuardFacts(folder)).toEqual(madeFacts());
  });

  test.each([
    ['another format', { ...madeFacts(), format: 'mettle-guard/9' }, 'facts.json: format: '],
    ['no migrations', { ...madeFacts(), migrations: undefined }, 'facts.json: migrations: '],
    [
      'a count that is none',
      madeFacts({ round_trip: { up_down: undefined, up_down_up: undefined, written_between: -1 } }),
      'facts.json: migrations.0.round_trip.written_between: ',
    ],
  ])('names the place of %s', async (_name, value, says) => {
    write(value);
    await expect(readGuardFacts(folder)).rejects.toThrow(says);
  });

  test('says what to name where nothing is', async () => {
    await expect(readGuardFacts(join(folder, 'absent'))).rejects.toMatchObject({
      exit_code: 64,
      next: expect.stringContaining('folder of a run'),
    });
  });
});
