import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Draft } from '#harness/core/timeline.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import { applyMigration, type Migration, noPodOf } from './apply.ts';

const LOG = `2026-11-21T18:00:00Z mettle began 1795287415906
2026-11-21T18:00:01Z mettle ended 1795287416075
`;

function jobPod(status: object): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shop-migration-add-x', namespace: 'here' },
    status: { containerStatuses: [status] },
  };
}

const terminated = (exitCode: number): object => ({ state: { terminated: { exitCode } } });

/** A place without a cluster: pods of releases that are there, how the Job's pod ends, and what it says. */
function place({
  living = [],
  ends = terminated(0),
  log = LOG,
}: {
  living?: readonly string[];
  ends?: object;
  log?: string;
}) {
  const records: Draft[] = [];
  const applied: KubeObject[] = [];
  const removed: string[] = [];
  const kube = partialClient({
    list: async ({ labels = '' }) =>
      living
        .filter((release) => labels.includes(release))
        .map((release) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: `shop-${release}`, labels: { 'mettle.dev/release': release } },
        })),
    apply: async (manifests) => {
      applied.push(...manifests.map(({ object }) => object));
      return [];
    },
    waitFor: async (condition) => {
      const found = condition.test([jobPod(ends)]);
      if (!found.met) throw new Error(found.seen);
      return found.value;
    },
    logs: async () => log,
    beginRemoval: async ({ name }) => {
      removed.push(name);
      return true;
    },
  });
  const run = {
    timeline: { record: (draft: Draft) => records.push(draft) },
    progress: () => undefined,
    signal: new AbortController().signal,
  };
  const ctx = {
    kube,
    artifacts: { images: { postgres: 'localhost/mettle/postgres:1' } },
    components: [],
    progress: () => undefined,
  };
  const states = () =>
    records.flatMap((one) =>
      one.kind === 'migration' ? [`${one.subject} ${one.data.state}: ${one.data.note}`] : [],
    );
  return { here: { run, ctx, namespace: 'here' }, states, applied, removed };
}

const ADD: Migration = { name: 'add', sql: 'ALTER TABLE t ADD COLUMN x text;' };

describe('a migration', () => {
  test('is a Job beside the shop, whose statements say when they began and ended', async () => {
    const { here, states, applied } = place({});
    expect(await applyMigration(here, ADD)).toBe(true);
    expect(states()).toEqual([
      'Migration/here/add begun: its Job was made',
      'Migration/here/add applied: its statements were carried out in 169 ms',
    ]);
    expect(applied.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      'ConfigMap/shop-migration-add',
      'Job/shop-migration-add',
    ]);
    expect(JSON.stringify(applied[0]?.['data'])).toMatch(
      /mettle began.*ALTER TABLE t ADD COLUMN x text;.*mettle ended/,
    );
  });

  test('that fails is told in the words of the server, and is not tried again', async () => {
    const log = `2026-11-21T18:00:00Z mettle began 1795287415906
2026-11-21T18:00:01Z psql:/migration/migration.sql:4: ERROR:  column "digest" of relation "orders" contains null values
`;
    for (const ends of [terminated(3), { state: {}, lastState: { terminated: { exitCode: 3 } } }]) {
      const { here, states, removed } = place({ ends, log });
      expect(await applyMigration(here, ADD)).toBe(false);
      expect(states()[1]).toBe(
        'Migration/here/add failed: /migration/migration.sql:4: ERROR:  column "digest" of relation "orders" contains null values',
      );
      expect(removed).toEqual(['shop-migration-add', 'shop-migration-add-x']);
    }
  });

  test('touches nothing while a pod of an old release lives, and says which', async () => {
    const { here, states, applied } = place({ living: ['v2'] });
    expect(await applyMigration(here, { ...ADD, gates: [noPodOf(['v1', 'v2'])] })).toBe(false);
    expect(states()).toEqual([
      'Migration/here/add refused: pods of a release that needs the old schema live: shop-v2 (v2)',
    ]);
    expect(applied).toEqual([]);
  });

  test('goes on once every gate is content', async () => {
    const { here, states } = place({ living: ['v3'] });
    expect(await applyMigration(here, { ...ADD, gates: [noPodOf(['v1', 'v2'])] })).toBe(true);
    expect(states()).toHaveLength(2);
  });
});
