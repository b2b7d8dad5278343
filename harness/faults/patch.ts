import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { RefusedError, UsageError } from '#harness/core/errors.ts';
import { at } from '#harness/core/kubernetes.ts';
import { ApiError } from '#harness/kube/api.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { nameOfRef, type ObjectRef } from '#harness/kube/wait.ts';

const Field = v.object({
  path: v.array(v.string()),
  /** Absent where the field was absent. */
  before: v.optional(v.unknown()),
  /** Absent where the fault removes the field. */
  after: v.optional(v.unknown()),
});

/** Fields of one object that a fault changes: what they were, and what it makes of them. Kept in its state. */
export const Change = v.object({
  ref: v.object({
    api_version: v.string(),
    kind: v.string(),
    name: v.string(),
    namespace: v.optional(v.string()),
  }),
  uid: v.string(),
  fields: v.array(Field),
});

export type Change = v.InferOutput<typeof Change>;

const CONFLICT = 409;
const ATTEMPTS = 20;
const PAUSE_MS = 50;

export function refOf({ ref }: Change): ObjectRef {
  const { namespace, ...rest } = ref;
  return namespace === undefined ? rest : { ...rest, namespace };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a merge patch (RFC 7386) must hold to make one value another: what goes is named with null. */
export function mergeDifference(from: unknown, to: unknown): unknown {
  if (to === undefined) return null;
  if (!isMapping(from) || !isMapping(to)) return to;
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return Object.fromEntries(
    [...keys]
      .filter((key) => !isDeepStrictEqual(from[key], to[key]))
      .map((key) => [key, mergeDifference(from[key], to[key])]),
  );
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inside, key) => ({ [key]: inside }), value);
}

function merged(left: unknown, right: unknown): unknown {
  if (!isMapping(left) || !isMapping(right)) return right;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries(
    [...keys].map((key) => [
      key,
      key in left && key in right ? merged(left[key], right[key]) : (left[key] ?? right[key]),
    ]),
  );
}

/**
 * Reads what the fields hold, so that they can be put back.
 * @param wanted what the fault makes of each; `undefined` removes it
 * @throws UsageError when there is no such object, or the change would change nothing
 */
export async function planChange(
  kube: Writing,
  ref: ObjectRef,
  wanted: readonly { readonly path: readonly string[]; readonly to: (before: unknown) => unknown }[],
): Promise<Change> {
  const object = await kube.get(ref);
  if (object === undefined) throw new UsageError(`there is no ${nameOfRef(ref)}`);
  const fields = wanted.map(({ path, to }) => {
    const before = at(object, ...path);
    return { path: [...path], before, after: to(before) };
  });
  if (fields.every(({ before, after }) => isDeepStrictEqual(before, after))) {
    throw new UsageError(`${nameOfRef(ref)} is so already: nothing would change`);
  }
  return { ref: { ...ref }, uid: object.metadata.uid ?? '', fields };
}

type From = 'before' | 'after';

/** The requests that changing an object takes. */
type Writing = Pick<KubeClient, 'get' | 'patch'>;

/**
 * Turns each field that holds the one value into the other; what somebody else wrote meanwhile stays theirs. The patch
 * names the version that was read, so that nothing written in between is lost.
 * @returns fields that hold neither value
 */
async function turn(kube: Writing, change: Change, from: From, to: From): Promise<readonly string[]> {
  const ref = refOf(change);
  for (let attempt = 1; ; attempt += 1) {
    const object = await kube.get(ref);
    // An object made anew under the name was never broken.
    if (object === undefined || object.metadata.uid !== change.uid) return [];
    const now = change.fields.map((field) => ({ field, value: at(object, ...field.path) }));
    const ours = now.filter(
      ({ field, value }) => isDeepStrictEqual(value, field[from]) && !isDeepStrictEqual(value, field[to]),
    );
    const foreign = now.filter(
      ({ field, value }) => !isDeepStrictEqual(value, field.before) && !isDeepStrictEqual(value, field.after),
    );
    const left = foreign.map(({ field }) => field.path.join('.'));
    if (ours.length === 0) return left;
    const patch = ours
      .map(({ field, value }) => nested(field.path, mergeDifference(value, field[to])))
      .reduce<unknown>(merged, { metadata: { resourceVersion: object.metadata.resourceVersion } });
    try {
      await kube.patch(ref, Object(patch));
      return left;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      if (!(error instanceof ApiError) || error.status !== CONFLICT || attempt === ATTEMPTS) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/**
 * Makes the change.
 * @throws RefusedError when somebody else changed a field since it was planned
 */
export async function makeChange(kube: Writing, change: Change): Promise<void> {
  const foreign = await turn(kube, change, 'before', 'after');
  if (foreign.length > 0) {
    throw new RefusedError(`${nameOfRef(refOf(change))} was changed meanwhile: ${foreign.join(', ')}`, {
      next: 'Try again once nothing else writes it.',
    });
  }
}

/** Puts back every field that still holds what the fault made of it; harmless when none does. */
export async function undoChange(kube: Writing, change: Change): Promise<void> {
  await turn(kube, change, 'after', 'before');
}

/** How many of the fields hold what the fault made of them. */
export async function fieldsChanged(kube: Writing, change: Change): Promise<number> {
  const object = await kube.get(refOf(change));
  if (object === undefined || object.metadata.uid !== change.uid) return 0;
  return change.fields.filter(
    ({ path, before, after }) =>
      isDeepStrictEqual(at(object, ...path), after) && !isDeepStrictEqual(before, after),
  ).length;
}
