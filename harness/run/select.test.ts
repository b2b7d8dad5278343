import { describe, expect, test } from 'vitest';
import { promisesOf } from './read-scenarios.ts';
import { selectScenarios } from './select.ts';

const names = (scenarios: readonly { readonly name: string }[]): readonly string[] =>
  scenarios.map(({ name }) => name);

describe('scenarios of a run', () => {
  test('nightly ones are left out, and named, when nobody asks for them', async () => {
    const { scenarios, left_out } = await selectScenarios({ names: [], tags: undefined });
    expect(scenarios.every(({ header }) => !header.tags.includes('nightly'))).toBe(true);
    expect(left_out).toContain('stack/two-versions');
  });

  test('a name asks for a nightly one', async () => {
    const { scenarios, left_out } = await selectScenarios({ names: ['stack/two-versions'], tags: undefined });
    expect(names(scenarios)).toEqual(['stack/two-versions']);
    expect(left_out).toEqual([]);
  });

  test('tags choose among the named ones', async () => {
    const { scenarios } = await selectScenarios({ names: ['rollback'], tags: '!slow' });
    expect(names(scenarios)).toContain('rollback/flagger-error-rate');
    expect(names(scenarios)).not.toContain('rollback/flagger-seeded-defects');
  });

  test('tags that no scenario has are a mistake', async () => {
    const wanted = { names: ['rollback/flagger-error-rate'], tags: 'nightly' };
    await expect(selectScenarios(wanted)).rejects.toThrow('no scenario has the tags "nightly"');
  });
});

test('promises are the titles of tests, whatever their quotes', () => {
  const source = [
    `test('one holds', async () => {});`,
    `test("a user's request", async () => {});`,
    'test.for(DEFECTS)(`$name: $breaks`, async () => {});',
    `  test('inside something', async () => {});`,
  ].join('\n');
  expect(promisesOf(source)).toEqual(['one holds', "a user's request", '$name: $breaks']);
});
