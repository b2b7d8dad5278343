import { at, type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { RELEASE_LABEL } from '#harness/core/object-labels.ts';
import type { Reshape } from '#harness/stack/shop.ts';

type Path = readonly (string | number)[];

/** A copy of nested objects and arrays in which the value at a path is another; what is missing on the way is made. */
function changed(value: unknown, [step, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (step === undefined) return change(value);
  const inner = changed(at(value, step), rest, change);
  if (typeof step === 'number') {
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    return list.map((one, index) => (index === step ? inner : one));
  }
  return { ...Object(value), [step]: inner };
}

/** The object with another value at a path. */
export function setting(
  object: KubeObject,
  path: readonly [string, ...(string | number)[]],
  change: (value: unknown) => unknown,
): KubeObject {
  const [field, ...rest] = path;
  return { ...object, [field]: changed(object[field], rest, change) };
}

/** All changes, one after the other. */
export function together(...changes: readonly Reshape[]): Reshape {
  return (object) => changes.reduce((left, change) => change(left), object);
}

/** Changes the objects of one kind. */
export function eachOf(kind: string, change: Reshape): Reshape {
  return (object) => (object.kind === kind ? change(object) : object);
}

/** Changes the Deployment that runs a release. */
export function deploymentOf(release: string, change: Reshape): Reshape {
  return eachOf('Deployment', (object) =>
    textAt(object, 'spec', 'template', 'metadata', 'labels', RELEASE_LABEL) === release
      ? change(object)
      : object,
  );
}

/** Changes the map that holds the document of a release. */
export function documentOf(release: string, change: Reshape): Reshape {
  return eachOf('ConfigMap', (object) =>
    object.metadata.labels?.[RELEASE_LABEL] === release ? change(object) : object,
  );
}

/** Where a Deployment keeps the containers of its pods. */
export const CONTAINERS = ['spec', 'template', 'spec', 'containers'] as const;

/** Changes the first container, which is the shop. */
export function container(change: (one: object) => object): Reshape {
  return (object) => setting(object, [...CONTAINERS, 0], (one) => change(Object(one)));
}

/** A container with further variables, or others under the names that it had. */
export function withEnv(
  one: object,
  env: readonly { readonly name: string; readonly valueFrom?: object; readonly value?: string }[],
): object {
  const names = new Set(env.map(({ name }) => name));
  const kept = listAt(one, 'env').filter((variable) => !names.has(textAt(variable, 'name') ?? ''));
  return { ...one, env: [...kept, ...env] };
}
