import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMPONENT_NAMES } from './component.ts';
import {
  componentsOf,
  definitionsFor,
  imagesFor,
  namespacesOf,
  PROFILES,
  resolveComponents,
} from './profiles.ts';
import { REGISTRY } from './registry.ts';

const known = fc.constantFrom(...COMPONENT_NAMES, ...Object.keys(PROFILES));

describe('resolveComponents', () => {
  test('brings along what is needed, each part once, whatever is asked for', () => {
    fc.assert(
      fc.property(fc.array(known), (names) => {
        const chosen = resolveComponents(names);
        const have = chosen.map(({ name }) => name);
        expect(new Set(have).size).toBe(have.length);
        for (const { needs } of chosen) expect(have).toEqual(expect.arrayContaining([...needs]));
        for (const name of names) expect(have).toEqual(expect.arrayContaining([...componentsOf([name])]));
      }),
    );
  });

  test('does not depend on the order of the names, and choosing again changes nothing', () => {
    fc.assert(
      fc.property(fc.array(known), (names) => {
        const once = componentsOf(names);
        expect(componentsOf(names.toReversed())).toEqual(once);
        // A profile shares its name with a component, so only components are asked for again.
        expect(componentsOf(once.filter((name) => !(name in PROFILES)))).toEqual(
          expect.arrayContaining(once.filter((name) => !(name in PROFILES))),
        );
      }),
    );
  });

  test('nothing asks for nothing', () => {
    expect(resolveComponents([])).toEqual([]);
  });

  test('the full stack is everything but Istio', () => {
    const installed = COMPONENT_NAMES.filter((name) => !name.startsWith('istio') && name !== 'guard');
    expect(componentsOf(['full'])).toEqual(installed);
  });

  test('the name of a profile means the profile', () => {
    expect(componentsOf(['flagger'])).toEqual(expect.arrayContaining(['traefik', 'chat']));
  });

  test.each([
    ['flager', 'Did you mean flagger?'],
    ['argo-rollout', 'argo-rollouts'],
    ['constructor', 'Profiles: flagger, argo, gitops, full'],
  ])('%s is unknown', (name, next) => {
    let caught: unknown;
    try {
      resolveComponents([name]);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ exit_code: 64, next: expect.stringContaining(next) });
  });
});

test('images, definitions and namespaces of a selection come each once', () => {
  const all = Object.values(REGISTRY);
  for (const list of [imagesFor(all), definitionsFor(all), namespacesOf(all)]) {
    expect(new Set(list).size).toBe(list.length);
  }
  expect(imagesFor(resolveComponents(['contour']))).toEqual(['contour', 'envoy']);
  expect(imagesFor(resolveComponents(['istio']))).toEqual([]);
});

test('every component is in the registry under its own name', () => {
  for (const [name, component] of Object.entries(REGISTRY)) expect(component.name).toBe(name);
});
