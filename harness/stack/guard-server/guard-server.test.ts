import { describe, expect, test } from 'vitest';
import { NODE_PORTS } from '#harness/cluster/types.ts';
import { at, type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { postgresAmong } from './image.ts';
import { freePublished } from './reach.ts';
import { serverManifests } from './start.ts';

describe('the image among those of a node', () => {
  const OWN = 'localhost/mettle/postgres:bookworm-91fbcf7bb06bf551';

  test.each([
    [[OWN, 'localhost/mettle/shop:1'], OWN],
    [
      ['mirror.example:5000/mettle/postgres:bookworm-2', OWN],
      'mirror.example:5000/mettle/postgres:bookworm-2',
    ],
    // Another one's, one that is known by its content alone, and what is called alike.
    [['docker.io/library/postgres:18', `${OWN}@sha256:00`, 'localhost/mettle/postgres-reader:1'], undefined],
    [[], undefined],
  ])('%j: %j', (images, chosen) => {
    expect(postgresAmong(images)).toBe(chosen);
  });
});

describe('a port that an adopted cluster publishes', () => {
  test.each([
    [{ gateway: 8080, postgres: 5432 }, [], { node_port: NODE_PORTS.postgres, port: 5432 }],
    [{ gateway: 8080, postgres: 5432 }, [NODE_PORTS.postgres], { node_port: NODE_PORTS.gateway, port: 8080 }],
    [{ gateway: 8080 }, [NODE_PORTS.gateway], undefined],
    [{}, [], undefined],
  ])('of %j, in use %j: %j', (published, used, free) => {
    expect(freePublished(published, new Set(used))).toEqual(free);
  });
});

const WANTED = {
  image: 'localhost/mettle/postgres:1',
  namespace: 'mettle-guard-1',
  password: 'drawn-by-chance',
};

const made = async (node_port?: number): Promise<readonly KubeObject[]> =>
  (await serverManifests({ ...WANTED, node_port })).map(({ object }) => object);

const one = (objects: readonly KubeObject[], kind: string): KubeObject => {
  const [found, ...more] = objects.filter((object) => object.kind === kind);
  if (found === undefined || more.length > 0) throw new Error(`${more.length} more or no ${kind}`);
  return found;
};

const portOf = (objects: readonly KubeObject[]): unknown => at(one(objects, 'Service'), 'spec', 'ports', 0);

describe('what is made for a server', () => {
  test('is in one namespace, where nothing may do more than it must', async () => {
    const objects = await made();
    const namespace = one(objects, 'Namespace');
    expect(namespace.metadata.name).toBe(WANTED.namespace);
    expect(namespace.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const others = objects.filter((object) => object !== namespace);
    expect(new Set(others.map(({ metadata }) => metadata.namespace))).toEqual(new Set([WANTED.namespace]));
    expect(one(objects, 'ServiceAccount')).toMatchObject({ automountServiceAccountToken: false });
    const spec = at(one(objects, 'Pod'), 'spec');
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      activeDeadlineSeconds: 21_600,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const [container] = listAt(spec, 'containers');
    expect(container).toMatchObject({
      image: WANTED.image,
      imagePullPolicy: 'Never',
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    });
  });

  test('has the password in its Secret and nowhere else', async () => {
    const holding = (await made()).filter((object) => JSON.stringify(object).includes(WANTED.password));
    expect(holding.map(({ kind }) => kind)).toEqual(['Secret']);
  });

  test('listens on any port of the node, or on the one that is published', async () => {
    expect(portOf(await made())).toEqual({ name: 'postgres', port: 5432, targetPort: 'postgres' });
    expect(portOf(await made(30_054))).toEqual({
      name: 'postgres',
      port: 5432,
      targetPort: 'postgres',
      nodePort: 30_054,
    });
  });

  test('brings the settings that every server of the guard has, whole', async () => {
    const settings = textAt(one(await made(), 'ConfigMap'), 'data', 'settings');
    expect(settings?.split('\n')).toEqual(expect.arrayContaining(['fsync = off', "timezone = 'UTC'"]));
  });
});
