import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Isolation, ScenarioHeader, Tag } from './header.ts';
import { cpuBudget, cpuOf, imageSets, planClusters, spanSideBySide } from './lanes.ts';
import { parseHeader } from './header.ts';
import type { Scenario } from './read-scenarios.ts';

interface Said {
  readonly needs?: string;
  readonly isolation?: Isolation;
  readonly tags?: readonly Tag[];
  readonly versions?: string;
  readonly nodes?: number;
}

function scenario(name: string, said: Said = {}): Scenario {
  const { needs = 'flagger', isolation = { kind: 'namespace', cpu: 0.5 }, versions, nodes = 1 } = said;
  const text = isolation.kind === 'namespace' ? `namespace ${isolation.cpu} cpu` : isolation.kind;
  const header: ScenarioHeader = parseHeader(
    [
      '// Goal: g',
      '// Method: m',
      `// Needs: ${needs}`,
      `// Isolation: ${text}`,
      ...(versions === undefined ? [] : [`// Versions: ${versions}`]),
      `// Nodes: ${nodes}`,
    ].join('\n'),
    name,
  );
  return { name, file: `/scenarios/${name}.spec.ts`, header, promises: [] };
}

const names = (scenarios: readonly Scenario[]): readonly string[] => scenarios.map(({ name }) => name);

describe('clusters', () => {
  test('scenarios that may share one do: side by side the longest first, then those that run alone', () => {
    const plans = planClusters(
      [
        scenario('short'),
        scenario('alone', { isolation: { kind: 'exclusive' } }),
        scenario('long'),
        scenario('unknown'),
      ],
      { short: 10, long: 400, alone: 70 },
    );
    expect(plans).toHaveLength(1);
    expect(names(plans[0]?.side_by_side ?? [])).toEqual(['long', 'unknown', 'short']);
    expect(names(plans[0]?.alone ?? [])).toEqual(['alone']);
  });

  test('a cluster has what its scenarios need and nothing else', () => {
    const plans = planClusters(
      [scenario('a', { needs: 'traefik' }), scenario('b', { needs: 'postgres' })],
      {},
    );
    expect(plans[0]?.components).toEqual(expect.arrayContaining(['traefik', 'postgres']));
    expect(plans[0]?.components).not.toContain('flagger');
  });

  test('each that wants a cluster of its own gets one, after the shared ones', () => {
    const own = scenario('own', { isolation: { kind: 'cluster' } });
    const plans = planClusters([own, scenario('a')], {});
    expect(plans.map(({ shared }) => shared)).toEqual([true, false]);
    expect(names(plans[1]?.alone ?? [])).toEqual(['own']);
  });

  test('scenarios of different versions do not share a cluster', () => {
    const plans = planClusters([scenario('new'), scenario('old', { versions: 'flagger 1.43.0' })], {});
    expect(plans.map(({ versions }) => versions)).toEqual([{}, { flagger: '1.43.0' }]);
  });

  test('scenarios that want more nodes do not share a cluster with those that do not', () => {
    const plans = planClusters([scenario('a'), scenario('drained', { nodes: 2 }), scenario('b')], {});
    expect(plans.map(({ nodes, side_by_side }) => [nodes, names(side_by_side)])).toEqual([
      [1, ['a', 'b']],
      [2, ['drained']],
    ]);
    const own = planClusters([scenario('own', { nodes: 2, isolation: { kind: 'cluster' } })], {});
    expect(own.map(({ nodes }) => nodes)).toEqual([2]);
  });

  test('of several versions, the first is for the own cluster, and images of all are made ready', () => {
    const both = scenario('both', {
      isolation: { kind: 'cluster' },
      versions: 'flagger 1.43.0, flagger 1.44.0',
    });
    const plans = planClusters([both], {});
    expect(plans[0]?.versions).toEqual({ flagger: '1.43.0' });
    expect(imageSets(plans).map(({ versions }) => versions)).toEqual([
      { flagger: '1.43.0' },
      { flagger: '1.44.0' },
    ]);
  });

  test('every scenario is planned exactly once', () => {
    const isolation = fc.oneof(
      fc.constant<Isolation>({ kind: 'exclusive' }),
      fc.constant<Isolation>({ kind: 'cluster' }),
      fc.constantFrom(0.2, 0.5, 1, 3).map((cpu): Isolation => ({ kind: 'namespace', cpu })),
    );
    const versions = fc.option(fc.constantFrom('flagger 1.43.0', 'flagger 1.44.0'), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.record({ isolation, versions })), (said) => {
        const scenarios = said.map((one, index) =>
          scenario(`s${index}`, {
            isolation: one.isolation,
            ...(one.versions === undefined ? {} : { versions: one.versions }),
          }),
        );
        const planned = planClusters(scenarios, {}).flatMap(({ side_by_side, alone }) => [
          ...side_by_side,
          ...alone,
        ]);
        expect(names(planned).toSorted()).toEqual(names(scenarios).toSorted());
      }),
    );
  });
});

const of = (name: string, cpu: number): Scenario => scenario(name, { isolation: { kind: 'namespace', cpu } });

describe('the expected time of scenarios side by side', () => {
  test('is the longest one while the budget holds all', () => {
    expect(spanSideBySide([of('a', 0.5), of('b', 0.5)], 1, { a: 100, b: 60 })).toBe(100);
  });

  test('counts what has to wait', () => {
    expect(spanSideBySide([of('a', 0.6), of('b', 0.6)], 1, { a: 100, b: 60 })).toBe(160);
  });

  test('a scenario that claims more than there is runs by itself', () => {
    expect(spanSideBySide([of('a', 3), of('b', 0.5)], 1, { a: 100, b: 60 })).toBe(160);
  });

  test('lies between the longest and the sum', () => {
    const one = fc.record({
      cpu: fc.constantFrom(0.1, 0.4, 0.9, 2),
      seconds: fc.integer({ min: 0, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), fc.constantFrom(0, 0.5, 1.4, 4), (given, budget) => {
        const scenarios = given.map(({ cpu }, index) => of(`s${index}`, cpu));
        const expected = Object.fromEntries(given.map(({ seconds }, index) => [`s${index}`, seconds]));
        const span = spanSideBySide(scenarios, budget, expected);
        const all = given.map(({ seconds }) => seconds);
        expect(span).toBeGreaterThanOrEqual(Math.max(0, ...all));
        expect(span).toBeLessThanOrEqual(all.reduce((sum, seconds) => sum + seconds, 0));
      }),
    );
  });
});

test('the budget leaves cores to the stack, and none is left over on a small machine', () => {
  expect(cpuBudget(2)).toBeCloseTo(1.4);
  expect(cpuBudget(0.5)).toBe(0);
  expect(cpuOf(scenario('x', { isolation: { kind: 'exclusive' } }))).toBe(0);
});
