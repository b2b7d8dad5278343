import { UsageError } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { type Component, COMPONENT_NAMES, type ComponentName } from './component.ts';
import { REGISTRY } from './registry.ts';

const FLAGGER: readonly ComponentName[] = [
  'traefik',
  'flagger',
  'prometheus',
  'alertmanager',
  'chat',
  'gate',
];

/**
 * Selections that people ask for by one name. `full` leaves out Istio, whose data plane is not built here, and the guard, which
 * is run and not installed.
 */
export const PROFILES = {
  flagger: FLAGGER,
  argo: ['traefik', 'argo-rollouts', 'prometheus', 'alertmanager', 'chat', 'gate'],
  gitops: [...FLAGGER, 'argo-rollouts', 'flux', 'git'],
  full: COMPONENT_NAMES.filter((name) => !name.startsWith('istio') && name !== 'guard'),
} as const satisfies Readonly<Record<string, readonly ComponentName[]>>;

function isComponent(name: string): name is ComponentName {
  return Object.hasOwn(REGISTRY, name);
}

/** A profile wins over the component of the same name: whoever asks for `flagger` wants it to work. */
function membersOf(name: string): readonly ComponentName[] {
  for (const [profile, members] of Object.entries(PROFILES)) if (profile === name) return members;
  if (isComponent(name)) return [name];
  const known = [...new Set([...Object.keys(PROFILES), ...COMPONENT_NAMES])];
  const near = nearest(name, known);
  throw new UsageError(`there is no component or profile ${JSON.stringify(name)}`, {
    next:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `Profiles: ${Object.keys(PROFILES).join(', ')}. Components: ${COMPONENT_NAMES.join(', ')}.`,
  });
}

/**
 * The components that names of components and profiles ask for, with everything that they need, in the order of the
 * registry, each once. No name asks for nothing.
 * @throws UsageError for an unknown name, with the nearest known ones
 */
export function resolveComponents(names: readonly string[]): readonly Component[] {
  const chosen = new Set<ComponentName>();
  const waiting = names.flatMap(membersOf);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (chosen.has(name)) continue;
    chosen.add(name);
    waiting.push(...REGISTRY[name].needs);
  }
  return COMPONENT_NAMES.filter((name) => chosen.has(name)).map((name) => REGISTRY[name]);
}

/** The names of `resolveComponents`. Throws UsageError for an unknown name, with the nearest known ones. */
export function componentsOf(names: readonly string[]): readonly ComponentName[] {
  return resolveComponents(names).map(({ name }) => name);
}

/** Names of the images that components run, each once. */
export function imagesFor(components: readonly Component[]): readonly string[] {
  return [...new Set(components.flatMap(({ images }) => images))];
}

/** Folders of the bill of materials whose definitions (CRDs) components bring along, each once. */
export function definitionsFor(components: readonly Component[]): readonly string[] {
  return [...new Set(components.flatMap(({ definitions }) => definitions))];
}

/** Namespaces that components live in, each once. */
export function namespacesOf(components: readonly Component[]): readonly string[] {
  return [...new Set(components.flatMap(({ workloads }) => workloads.map(({ namespace }) => namespace)))];
}
