import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Ended, Program } from './testing/program.ts';

let program: Program;

beforeEach(() => {
  program = new Program();
});

afterEach(() => {
  program[Symbol.dispose]();
});

const mettle = (...args: string[]): Promise<Ended> => program.run(...args);

/** A scenario file with one line of its top replaced. */
function scenario(key: string, line: string): string {
  const lines: Record<string, string> = {
    Goal: '// Goal: g',
    Method: '// Method: m',
    Needs: '// Needs: flagger',
    Isolation: '// Isolation: exclusive',
    [key]: line,
  };
  return program.write('one.spec.ts', `${Object.values(lines).join('\n')}\ntest('t', () => {});\n`);
}

describe('bad input', () => {
  test.each([
    [
      'Needs',
      '// Needs: flager',
      'one.spec.ts:3:11: there is no component or profile "flager"',
      'did you mean flagger',
    ],
    ['Isolation', '// Isolation: none', 'one.spec.ts:4:15: `Isolation: none` is none', 'namespace 0.5 cpu'],
    ['Tags', '// Tags: nigthly', 'one.spec.ts:5:10: there is no tag "nigthly"', 'did you mean nightly'],
    [
      'Versions',
      '// Versions: flagger 1.2.3',
      'one.spec.ts:5:14: flagger 1.2.3 is not in the bill of materials',
      'it has flagger 1.44.0 and 1.43.0',
    ],
    ['Goal', '', 'one.spec.ts:1:1: the line `// Goal: ...` is missing', 'mettle validate'],
  ])('validate: a wrong line %s gets file, line and column', async (key, line, message, next) => {
    const { code, err } = await mettle('validate', scenario(key, line));
    expect(err).toContain(message);
    expect(err).toContain(next);
    expect(err.trim().split('\n').at(-1)).toMatch(/^exit 64 \(usage\): /);
    expect(code).toBe(64);
  });

  test.each([
    [['run', '--tags', 'nigthly', '--dry-run'], 64, 'there is no tag "nigthly"\nnext: did you mean nightly?'],
    [['list', '--tags', 'everything'], 64, 'there are nightly (too long'],
    [['run', 'rollback/flagger-error-rate', '--tags', 'nightly'], 64, 'no scenario has the tags "nightly"'],
    [
      ['run', '--cluster', 'nowhere', 'rollback/flagger-error-rate'],
      3,
      'mettle-nowhere: Mettle has no record',
    ],
    [['run', '--cluster', 'NO WHERE', 'rollback'], 64, '"NO WHERE" cannot be the name of a cluster'],
    [
      ['run', '--cluster', 'nowhere', 'stack/two-versions'],
      64,
      'stack/two-versions wants a cluster of its own, so it does not run on mettle-nowhere',
    ],
  ] as const)('%j says what is wrong', async (args, expected, message) => {
    const { code, err } = await mettle(...args);
    expect(err).toContain(message);
    expect(code).toBe(expected);
  });
});

describe('validate', () => {
  test('a scenario file whose top is right', async () => {
    const { code, out } = await mettle('validate', scenario('Tags', '// Tags: nightly, slow'));
    expect(out).toBe('<folder>/one.spec.ts: valid\n');
    expect(code).toBe(0);
  });
});

describe('list', () => {
  test('says what each scenario needs and how it is isolated', async () => {
    const { code, out } = await mettle('list', 'rollback/flagger-error-rate', '--json');
    const listed: unknown = JSON.parse(out);
    expect(listed).toMatchObject([
      {
        name: 'rollback/flagger-error-rate',
        needs: ['flagger'],
        isolation: { kind: 'exclusive' },
        tags: [],
      },
    ]);
    expect(code).toBe(0);
  });

  test('shows only scenarios with the tags asked for', async () => {
    const { out } = await mettle('list', '--tags', 'nightly', '--json');
    const listed: { tags: string[] }[] = JSON.parse(out);
    expect(listed.length).toBeGreaterThan(0);
    expect(listed.every(({ tags }) => tags.includes('nightly'))).toBe(true);
  });
});

describe('dry run', () => {
  test('prints the plan and touches nothing', async () => {
    const { code, out } = await mettle('run', '--dry-run', 'rollback/flagger-good-release', '--seed', '7');
    expect(out).toContain('rollback/flagger-good-release');
    expect(out).toContain('seed: 7');
    expect(out).not.toContain('flagger-error-rate');
    expect(code).toBe(0);
  });

  test('lanes, clusters, parts and images; nightly scenarios are left out by name', async () => {
    const { out } = await mettle('run', '--dry-run');
    expect(out).toMatch(/^cluster 1: traefik, .*flagger/m);
    expect(out).toMatch(/^images of: .*flagger, .*shop/m);
    // The cache of this test is empty.
    expect(out).toMatch(/^ {4}to build or pull: .*flagger, .*shop/m);
    expect(out).toContain('side by side, within');
    expect(out).toContain('one at a time:');
    expect(out).toMatch(/left out, being nightly \(--tags nightly runs them\): .*stack\/two-versions/);
  });

  test('a nightly scenario that is named runs', async () => {
    const { out } = await mettle('run', '--dry-run', 'stack/two-versions');
    expect(out).toContain('cluster 1, of its own: ');
    expect(out).toContain('with flagger 1.43.0');
    expect(out).toMatch(/^images of: .*flagger 1\.44\.0/m);
  });

  test('nothing is installed that the chosen scenarios do not need', async () => {
    const { out } = await mettle('run', '--dry-run', 'stack/zero-downtime');
    expect(out).not.toContain('flagger');
  });

  test('on a cluster that exists, nothing is made', async () => {
    const { out } = await mettle('run', '--dry-run', '--cluster', 'play', 'rollback/flagger-error-rate');
    expect(out).toContain('play: ');
    expect(out).not.toContain('images of');
  });
});
