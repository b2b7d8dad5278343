import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { StackContext } from './component.ts';
import { bootstrapFleet } from './fleet-bootstrap.ts';
import { flux } from './flux.ts';
import { definitionFolders } from './testing/definitions.ts';

const SECRET = { namespace: 'postgres', name: 'postgres', values: { password: 'secret' } } as const;
const URL_INSIDE = 'http://10.0.0.9/git/fleet.git';

let dir = '';
let definitions: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mettle-fleet-'));
  definitions = await definitionFolders(dir, flux.definitions);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

interface Step {
  readonly applied?: readonly KubeObject[];
  readonly awaited?: string;
}

/** A cluster that notes what is applied and awaited, in its order. */
function noting(): { readonly ctx: StackContext; readonly steps: Step[] } {
  const steps: Step[] = [];
  const kube = partialClient({
    apply: async (manifests) => {
      steps.push({ applied: manifests.map(({ object }) => object) });
      return [];
    },
    watch: () => ({
      started: Promise.resolve(),
      objects: [],
      [Symbol.asyncDispose]: async () => undefined,
    }),
    waitFor: async (condition) => {
      steps.push({ awaited: condition.awaited });
      const { value } = Object(condition.test([ready(condition.of.name ?? '')]));
      return value;
    },
  });
  const images = Object.fromEntries(flux.images.map((name) => [name, `localhost/mettle/${name}:1`]));
  const ctx: StackContext = { kube, artifacts: { images }, components: ['flux'], progress: () => undefined };
  return { ctx, steps };
}

function ready(name: string): KubeObject {
  const status = {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
    readyReplicas: 1,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, generation: 1 },
    spec: { replicas: 1 },
    status,
  };
}

/** Number of the step that a name is part of. */
const stepOf = (steps: readonly Step[], name: string): number =>
  steps.findIndex(
    ({ applied = [], awaited = '' }) => awaited.includes(name) || applied.some((one) => nameOf(one) === name),
  );

describe('bootstrapFleet', () => {
  test('applies definitions and Secrets, then the controllers, and names the repository once these are at work', async () => {
    const { ctx, steps } = noting();
    await bootstrapFleet(ctx, { url: URL_INSIDE, secrets: [SECRET], definitions });
    const order = [
      'CustomResourceDefinition/things.flux-source.test',
      'Deployment/flux-system/source-controller',
      'Deployment/flux-system/notification-controller to be ready',
      'GitRepository/flux-system/fleet',
    ].map((name) => stepOf(steps, name));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBe(order.length);
    const secret = steps.flatMap(({ applied = [] }) => applied).find(({ kind }) => kind === 'Secret');
    expect(textAt(secret, 'data', 'password')).toBe('c2VjcmV0');
    expect(stepOf(steps, 'Secret/postgres/postgres')).toBe(stepOf(steps, 'Namespace/postgres'));
    expect(stepOf(steps, 'Secret/postgres/postgres')).toBeLessThan(order[1] ?? 0);
    expect(stepOf(steps, 'Kustomization/flux-system/fleet')).toBe(order[3]);
  });

  test('gives kustomize-controller what a whole cluster needs', async () => {
    const { ctx, steps } = noting();
    await bootstrapFleet(ctx, { url: URL_INSIDE, secrets: [], definitions });
    const all = steps.flatMap(({ applied = [] }) => applied);
    const controller = all.find((one) => nameOf(one) === 'Deployment/flux-system/kustomize-controller');
    const args = listAt(controller, 'spec', 'template', 'spec', 'containers', 0, 'args');
    expect(args).toContain('--requeue-dependency=1s');
    expect(args).toContain('--concurrent=24');
  });

  test('points Flux at the repository and the folder that it is given, without credentials in the address', async () => {
    const { ctx, steps } = noting();
    await bootstrapFleet(ctx, { url: URL_INSIDE, secrets: [], definitions, path: 'clusters/other' });
    const all = steps.flatMap(({ applied = [] }) => applied);
    expect(
      textAt(
        all.find(({ kind }) => kind === 'GitRepository'),
        'spec',
        'url',
      ),
    ).toBe(URL_INSIDE);
    expect(
      textAt(
        all.find(({ kind }) => kind === 'Kustomization'),
        'spec',
        'path',
      ),
    ).toBe('./clusters/other');
  });

  test('touches nothing when the definitions of Flux are not there', async () => {
    const { ctx, steps } = noting();
    await expect(
      bootstrapFleet(ctx, { url: URL_INSIDE, secrets: [SECRET], definitions: {} }),
    ).rejects.toThrow('no definitions of flux-source');
    expect(steps).toEqual([]);
  });
});
