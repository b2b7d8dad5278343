import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RefusedError, UsageError } from '#harness/core/errors.ts';
import { at, isKubeObject, type KubeObject } from '#harness/core/kubernetes.ts';
import { ApiError } from '#harness/kube/api.ts';
import { fieldsChanged, makeChange, mergeDifference, planChange, undoChange } from './patch.ts';

/** JSON merge patch, as RFC 7386 writes it down. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

const REF = { api_version: 'v1', kind: 'ConfigMap', namespace: 'here', name: 'settings' };
const PATHS = [{ path: ['data', 'mode'], to: () => 'broken' }];

/** One object behind an API server that refuses a patch of an older version. */
class Server {
  object: KubeObject | undefined = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'here', uid: 'u1', resourceVersion: '1' },
    data: { mode: 'good', other: 'x' },
  };
  patches = 0;
  /** Called before each patch, as another writer would come in between. */
  between: () => void = () => undefined;

  write(change: object): KubeObject {
    const version = Number(this.object?.metadata.resourceVersion) + 1;
    const written = merge(merge(this.object, change), { metadata: { resourceVersion: String(version) } });
    if (!isKubeObject(written)) throw new Error('no object');
    this.object = written;
    return written;
  }

  get = (): Promise<KubeObject | undefined> => Promise.resolve(this.object);

  patch = (_ref: unknown, change: object): Promise<KubeObject> => {
    this.between();
    this.patches += 1;
    const asked = at(change, 'metadata', 'resourceVersion');
    if (asked !== undefined && asked !== this.object?.metadata.resourceVersion) {
      return Promise.reject(new ApiError('patch', 409, 'Conflict', 'the object has been modified'));
    }
    return Promise.resolve(this.write(change));
  };

  get data(): unknown {
    return at(this.object, 'data');
  }
}

describe('mergeDifference', () => {
  const value = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^[a-d]$/), tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).tree;
  const mapping = fc.dictionary(fc.stringMatching(/^[a-d]$/), value, { noNullPrototype: true });

  test('makes any mapping any other', () => {
    fc.assert(
      fc.property(mapping, mapping, (from, to) => {
        expect(merge(from, mergeDifference(from, to))).toStrictEqual(to);
      }),
    );
  });
});

describe('a change of fields', () => {
  test('is made and undone, and leaves other fields alone', async () => {
    const server = new Server();
    const change = await planChange(server, REF, [
      ...PATHS,
      { path: ['data', 'other'], to: () => undefined },
      { path: ['metadata', 'labels', 'new'], to: () => 'label' },
    ]);
    await makeChange(server, change);
    expect(server.data).toEqual({ mode: 'broken' });
    await expect(fieldsChanged(server, change)).resolves.toBe(3);
    server.write({ data: { third: 'y' } });
    await undoChange(server, change);
    expect(server.data).toEqual({ mode: 'good', other: 'x', third: 'y' });
    expect(server.object?.metadata.labels).toEqual({});
    await expect(fieldsChanged(server, change)).resolves.toBe(0);
  });

  test('that was never made is undone without a word', async () => {
    const server = new Server();
    const change = await planChange(server, REF, PATHS);
    await undoChange(server, change);
    expect(server.patches).toBe(0);
    server.object = undefined;
    await undoChange(server, change);
    expect(server.patches).toBe(0);
  });

  test('undone twice at once is undone once', async () => {
    const server = new Server();
    const change = await planChange(server, REF, PATHS);
    await makeChange(server, change);
    await Promise.all([undoChange(server, change), undoChange(server, change)]);
    expect(server.data).toEqual({ mode: 'good', other: 'x' });
  });

  test('does not take back what somebody else wrote, even in between', async () => {
    const server = new Server();
    const change = await planChange(server, REF, PATHS);
    await makeChange(server, change);
    server.between = () => {
      server.between = () => undefined;
      server.write({ data: { mode: 'repaired by hand' } });
    };
    await undoChange(server, change);
    expect(server.data).toEqual({ mode: 'repaired by hand', other: 'x' });
  });

  test('leaves an object alone that was made anew under the name', async () => {
    const server = new Server();
    const change = await planChange(server, REF, PATHS);
    await makeChange(server, change);
    server.write({ metadata: { uid: 'u2' } });
    await undoChange(server, change);
    expect(server.data).toEqual({ mode: 'broken', other: 'x' });
    await expect(fieldsChanged(server, change)).resolves.toBe(0);
  });

  test('is refused where the field is no longer what it was, and where nothing would change', async () => {
    const server = new Server();
    const change = await planChange(server, REF, PATHS);
    server.write({ data: { mode: 'another' } });
    await expect(makeChange(server, change)).rejects.toThrow(RefusedError);
    await expect(planChange(server, REF, [{ path: ['data', 'mode'], to: (value) => value }])).rejects.toThrow(
      'nothing would change',
    );
    server.object = undefined;
    await expect(planChange(server, REF, PATHS)).rejects.toThrow(UsageError);
  });
});
