/**
 * Changes to manifests that are written as manifests: what differs and nothing else. Objects are merged field by field, as
 * kustomize does with its patches; items of a list are the same if their mount path, name or key is.
 */
import { UsageError } from '#harness/core/errors.ts';
import { isKubeObject, type KubeObject, nameOf, textAt } from '#harness/core/kubernetes.ts';
import type { Manifest } from '#harness/kube/manifests.ts';

function identityOf(item: unknown): string | undefined {
  return textAt(item, 'mountPath') ?? textAt(item, 'name') ?? textAt(item, 'key');
}

function mergedLists(base: readonly unknown[], change: readonly unknown[]): readonly unknown[] {
  // Items without an identity belong together, as the arguments of a program do.
  if (change.some((item) => identityOf(item) === undefined)) return change;
  const added = change.filter((item) => !base.some((one) => identityOf(one) === identityOf(item)));
  const kept = base.map((item) => {
    const same = change.find((one) => identityOf(one) === identityOf(item));
    return same === undefined ? item : merged(item, same);
  });
  return [...kept, ...added];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merged(base: unknown, change: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(change)) return mergedLists(base, change);
  if (!isMap(base) || !isMap(change)) return change;
  const fields = Object.entries(change).map(([key, value]) => [
    key,
    key in base ? merged(base[key], value) : value,
  ]);
  return { ...base, ...Object.fromEntries(fields) };
}

function changedObject(object: KubeObject, change: KubeObject): KubeObject {
  const result = merged(object, change);
  return isKubeObject(result) ? result : object;
}

/**
 * The manifests with each change merged into the object of its kind and name.
 * @throws UsageError for a change to an object that is not among them
 */
export function overlaid(manifests: readonly Manifest[], changes: readonly Manifest[]): Manifest[] {
  for (const { object, position } of changes) {
    if (manifests.some((one) => nameOf(one.object) === nameOf(object))) continue;
    throw new UsageError(`there is no ${nameOf(object)} to change`, { position });
  }
  return manifests.map((manifest) => {
    const own = changes.filter(({ object }) => nameOf(object) === nameOf(manifest.object));
    if (own.length === 0) return manifest;
    return {
      ...manifest,
      object: own.reduce((object, change) => changedObject(object, change.object), manifest.object),
    };
  });
}
