import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#harness/core/errors.ts';
import { parseHeader } from './header.ts';

const LINES = {
  Goal: '// Goal: users notice nothing.',
  Method: '// Method: ship it; judge.',
  Needs: '// Needs: flagger, postgres',
  Isolation: '// Isolation: namespace 0.5 cpu',
};

function file(changed: Partial<Record<string, string>> = {}): string {
  const lines = Object.values({ ...LINES, ...changed }).filter((line) => line !== '');
  return [
    "import { test } from '#harness/scenario.ts';",
    '',
    ...lines,
    "test('it holds', () => {});",
    '',
  ].join('\n');
}

function mistakeIn(source: string): { message: string; next: string | undefined } {
  try {
    parseHeader(source, 'x.spec.ts');
  } catch (error) {
    if (error instanceof UsageError) return { message: error.message, next: error.next };
    throw error;
  }
  throw new Error('nothing was found wrong');
}

/** Where the mistake of a file stands; `none` where there is none. */
function placeOf(source: string): string {
  try {
    parseHeader(source, 'x.spec.ts');
    return 'none';
  } catch (error) {
    const place = error instanceof UsageError ? error.position : undefined;
    return place ? `${place.line}:${place.column}` : 'nowhere';
  }
}

describe('a header', () => {
  test('says what a scenario needs, with what its components need in turn', () => {
    const header = parseHeader(file(), 'x.spec.ts');
    expect(header).toMatchObject({
      goal: 'users notice nothing.',
      method: 'ship it; judge.',
      needs: ['flagger', 'postgres'],
      isolation: { kind: 'namespace', cpu: 0.5 },
      tags: [],
      versions: [],
    });
    expect(header.components).toEqual(
      expect.arrayContaining(['traefik', 'flagger', 'prometheus', 'alertmanager', 'chat', 'postgres']),
    );
  });

  test('may go on in further comment lines', () => {
    const source = file({ Method: '// Method: ship it under load,\n// then wait;\n// judge.' });
    expect(parseHeader(source, 'x.spec.ts').method).toBe('ship it under load, then wait; judge.');
  });

  test.each([
    ['exclusive', { kind: 'exclusive' }],
    ['cluster', { kind: 'cluster' }],
    ['namespace 2 cpu', { kind: 'namespace', cpu: 2 }],
  ] as const)('knows the isolation %s', (text, isolation) => {
    expect(parseHeader(file({ Isolation: `// Isolation: ${text}` }), 'x').isolation).toEqual(isolation);
  });

  test.each([
    [undefined, 1],
    ['1', 1],
    ['2', 2],
  ])('wants %j nodes: %d', (text, nodes) => {
    const source = file(text === undefined ? {} : { Nodes: `// Nodes: ${text}` });
    expect(parseHeader(source, 'x').nodes).toBe(nodes);
  });

  test('reads tags and versions with their places', () => {
    const header = parseHeader(
      file({ Tags: '// Tags: nightly, slow', Versions: '// Versions: flagger 1.43.0, flagger 1.44.0' }),
      'x',
    );
    expect(header.tags).toEqual(['nightly', 'slow']);
    expect(header.versions).toEqual([
      { component: 'flagger', version: '1.43.0', line: 8, column: 14 },
      { component: 'flagger', version: '1.44.0', line: 8, column: 30 },
    ]);
  });

  test('needs nothing when it says so', () => {
    expect(parseHeader(file({ Needs: '// Needs:' }), 'x').components).toEqual([]);
  });

  test('ends where the code begins: comments of tests are not part of it', () => {
    const source = `${file()}// a remark\n`;
    expect(parseHeader(source, 'x').isolation).toEqual({ kind: 'namespace', cpu: 0.5 });
  });
});

describe('a mistake gets file, line and column', () => {
  test.each(Object.keys(LINES))('a missing line %s', (key) => {
    expect(mistakeIn(file({ [key]: '' })).message).toBe(
      `x.spec.ts:1:1: the line \`// ${key}: ...\` is missing`,
    );
  });

  test.each([
    [{ Goal: '// Goal:' }, 'x.spec.ts:3:9: `Goal:` says nothing', 'mettle validate'],
    [
      { Needs: '// Needs: flagger, postgress' },
      'x.spec.ts:5:20: there is no component or profile "postgress"',
      'did you mean postgres?',
    ],
    [{ Isolation: '// Isolation: alone' }, 'x.spec.ts:6:15: `Isolation: alone` is none', 'exclusive'],
    [{ Isolation: '// Isolation: namespace' }, 'x.spec.ts:6:15: `Isolation: namespace` is none', '0.5 cpu'],
    [{ Isolation: '// Isolation: namespace 0 cpu' }, 'x.spec.ts:6:15', '0.5 cpu'],
    [{ Tags: '// Tags: nigthly' }, 'x.spec.ts:7:10: there is no tag "nigthly"', 'did you mean nightly?'],
    [
      { Versions: '// Versions: flagger' },
      'x.spec.ts:7:14: `flagger` is no version of a component',
      'flagger 1.43.0',
    ],
    [
      { Versions: '// Versions: fagger 1.43.0' },
      'x.spec.ts:7:14: there is no component "fagger"',
      'did you mean flagger?',
    ],
    [{ Nodes: '// Nodes: two' }, 'x.spec.ts:7:11: `Nodes: two` is no number from 1 to 3', 'mettle validate'],
    [{ Nodes: '// Nodes: 4' }, 'x.spec.ts:7:11', 'mettle validate'],
    [{ Twice: '// Goal: again' }, 'x.spec.ts:7:4: a second line `Goal:`', 'mettle validate'],
    [{ Other: '// Isolaton: exclusive' }, 'x.spec.ts:7:4: there is no line `Isolaton:`', 'Isolation'],
  ])('%j', (changed, message, next) => {
    const found = mistakeIn(file(changed));
    expect(found.message).toContain(message);
    expect(found.next).toContain(next);
  });

  test('whatever the file holds, it is a header or a mistake with a place', () => {
    const line = fc.constantFrom(
      '// Goal: x',
      '// Needs: flagger',
      '// Isolation: exclusive',
      '// Method: y',
      '//',
      'x',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
        expect(placeOf(lines.join('\n'))).not.toBe('nowhere');
      }),
    );
  });
});
