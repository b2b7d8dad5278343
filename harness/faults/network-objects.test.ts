import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { at, listAt } from '#harness/core/kubernetes.ts';
import { detour, faultyEnvoy } from './gateway-objects.ts';
import { pairRules } from './iptables.ts';
import { literal } from '#harness/database/ask.ts';
import { median } from './psql.ts';

describe('a partition', () => {
  test('names each pair in both directions, and nothing else', () => {
    expect(pairRules(['10.0.0.1'], ['10.0.0.2', '10.0.0.3'], false)).toEqual([
      '-s 10.0.0.1/32 -d 10.0.0.2/32 -j DROP',
      '-s 10.0.0.2/32 -d 10.0.0.1/32 -j DROP',
      '-s 10.0.0.1/32 -d 10.0.0.3/32 -j DROP',
      '-s 10.0.0.3/32 -d 10.0.0.1/32 -j DROP',
    ]);
  });

  test('that refuses drops what cannot be refused', () => {
    const rules = pairRules(['10.0.0.1'], ['10.0.0.2'], true);
    expect(rules.map((rule) => / -j (?<target>\w+)/.exec(rule)?.groups?.['target'])).toEqual([
      'REJECT',
      'DROP',
      'REJECT',
      'DROP',
    ]);
  });
});

describe('a fault of the gateway', () => {
  const fault = { delay: { fixed_delay: '0.2s' } };
  const objects = faultyEnvoy({ namespace: 'run', image: 'envoy:1' }, fault);

  test('is one filter before the way back to the gateway', () => {
    const [map] = objects;
    const config: unknown = parse(String(at(map, 'data', 'envoy.yaml')));
    const manager = at(
      listAt(at(listAt(config, 'static_resources', 'listeners')[0], 'filter_chains', 0), 'filters')[0],
      'typed_config',
    );
    expect(listAt(manager, 'http_filters').map((filter) => at(filter, 'name'))).toEqual([
      'envoy.filters.http.fault',
      'envoy.filters.http.router',
    ]);
    expect(at(listAt(manager, 'http_filters')[0], 'typed_config')).toMatchObject(fault);
    expect(JSON.stringify(config)).toContain('"address":"envoy.contour"');
  });

  test('is in the namespace of the run alone, and goes before a route that asks for less', () => {
    const route = detour({ namespace: 'run' }, 'shop.run.test');
    expect(new Set([...objects, route].map(({ metadata }) => metadata.namespace))).toEqual(new Set(['run']));
    const [match] = listAt(listAt(route, 'spec', 'rules')[0], 'matches');
    const pattern = new RegExp(`^${String(at(match, 'headers', 0, 'value'))}$`);
    expect(pattern.test('k6/1.8')).toBe(true);
    // What came back from the fault is not led there again.
    expect(pattern.test('~k6/1.8')).toBe(false);
  });
});

test('the middle of some numbers, and text as SQL takes it', () => {
  expect([median([3, 1, 2]), median([])]).toEqual([2, undefined]);
  expect(literal("it's")).toBe("'it''s'");
});
