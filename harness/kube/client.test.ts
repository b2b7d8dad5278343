import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DeadlineError, InterruptedError, RefusedError } from '#harness/core/errors.ts';
import { type KubeClient, kubeClient } from './client.ts';
import { parseManifests } from './manifests.ts';
import { configMap, fakeApiServer, type Script } from './testing/fake-api-server.ts';
import type { Condition } from './wait.ts';

const SELECTION = { api_version: 'v1', kind: 'ConfigMap', namespace: 'here' } as const;
const versionOf = (request: string): string | null =>
  new URL(request.replace('GET ', 'http://fake')).searchParams.get('resourceVersion');

const named = (name: string): Condition<string> => ({
  awaited: `${name} to be there`,
  of: SELECTION,
  test: (objects) =>
    objects.some((one) => one.metadata.name === name)
      ? { met: true, value: name }
      : { met: false, seen: `${objects.length} others` },
});

/** Watches until as many changes as expected were told, and a little longer, in case there are more. */
async function watched(kube: KubeClient, count: number): Promise<string[]> {
  const told: string[] = [];
  const enough = Promise.withResolvers<void>();
  await using watch = kube.watch(SELECTION, {
    onChange({ verb, object }) {
      told.push(`${verb} ${object.metadata.name}@${object.metadata.resourceVersion}`);
      if (told.filter((line) => !line.startsWith('lost')).length >= count) enough.resolve();
    },
    onLost: (reason) => told.push(`lost: ${reason}`),
  });
  await watch.started;
  await enough.promise;
  await sleep(30);
  return told;
}

async function tell(script: Script, count: number): Promise<{ told: string[]; requests: string[] }> {
  await using server = await fakeApiServer(script);
  await using kube = kubeClient(server.target);
  return { told: await watched(kube, count), requests: server.requests };
}

describe('watch', () => {
  const lists = [{ version: 10, objects: [configMap('a', 7)] }];

  test('tells what was there, then what changes', async () => {
    const { told } = await tell(
      { lists, watches: [[{ type: 'ADDED', object: configMap('b', 11) }, 'stay']] },
      2,
    );
    expect(told).toEqual(['listed a@7', 'added b@11']);
  });

  test('a watch that the server ends is taken up where it ended, bookmarks included', async () => {
    const { told, requests } = await tell(
      {
        lists,
        watches: [
          [
            { type: 'MODIFIED', object: configMap('a', 11) },
            { type: 'BOOKMARK', object: configMap('', 15) },
            'close',
          ],
          [{ type: 'DELETED', object: configMap('a', 16) }, 'stay'],
        ],
      },
      3,
    );
    expect(told).toEqual(['listed a@7', 'modified a@11', 'deleted a@16']);
    expect(requests.map(versionOf)).toEqual([null, '10', '15']);
  });

  test('a connection that breaks loses nothing and repeats nothing', async () => {
    const { told, requests } = await tell(
      {
        lists,
        watches: [
          [{ type: 'MODIFIED', object: configMap('a', 11) }, 'break'],
          [{ type: 'MODIFIED', object: configMap('a', 12) }, 'stay'],
        ],
      },
      3,
    );
    expect(told).toEqual(['listed a@7', 'modified a@11', 'modified a@12']);
    expect(requests.map(versionOf)).toEqual([null, '10', '11']);
  });

  test('when history is gone everything is listed again, and it says that states may be missing', async () => {
    const { told } = await tell(
      {
        lists: [...lists, { version: 30, objects: [configMap('a', 7), configMap('c', 29)] }],
        watches: [[{ type: 'ERROR', code: 410, message: 'too old resource version: 10 (20)' }]],
      },
      2,
    );
    expect(told).toEqual([
      'listed a@7',
      "lost: the server's history is gone, states in between may be missing: too old resource version: 10 (20)",
      'added c@29',
    ]);
  });

  test('an error event that is not about history does not end the watch', async () => {
    const { told } = await tell(
      {
        lists,
        watches: [
          [{ type: 'ERROR', code: 500, message: 'etcd is away' }],
          [{ type: 'MODIFIED', object: configMap('a', 12) }, 'stay'],
        ],
      },
      2,
    );
    expect(told).toEqual(['listed a@7', 'modified a@12']);
  });
});

describe('waitFor', () => {
  const script: Script = {
    lists: [{ version: 1, objects: [] }],
    watches: [[{ type: 'ADDED', object: configMap('wanted', 2) }, 'stay']],
  };
  test('returns the value once the condition is met', async () => {
    await using server = await fakeApiServer(script);
    await using kube = kubeClient(server.target);
    expect(await kube.waitFor(named('wanted'), { deadline_s: 5 })).toBe('wanted');
  });

  test('at the deadline says what was awaited and what was last seen', async () => {
    await using server = await fakeApiServer(script);
    await using kube = kubeClient(server.target);
    const waiting = kube.waitFor(named('unicorn'), { deadline_s: 0.3 });
    await expect(waiting).rejects.toThrow(DeadlineError);
    await expect(waiting).rejects.toThrow('waited 0.3 s for unicorn to be there; last seen: 1 others');
  });

  test('ends at once when it is interrupted', async () => {
    await using server = await fakeApiServer(script);
    await using kube = kubeClient(server.target);
    const stop = new AbortController();
    const waiting = kube.waitFor(named('unicorn'), { deadline_s: 60, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(waiting).rejects.toThrow(InterruptedError);
  });
});

describe('kubeClient', () => {
  test('refuses a kubeconfig that points elsewhere', async () => {
    await using server = await fakeApiServer({ lists: [], watches: [] });
    expect(() => kubeClient({ ...server.target, api_server: 'https://203.0.113.7:6443' })).toThrow(
      RefusedError,
    );
  });

  test("tells a refused manifest with its place in our file and the server's message", async () => {
    const other = { status: 422, body: { code: 422, reason: 'Invalid', message: 'data must be a map' } };
    await using server = await fakeApiServer({ lists: [], watches: [], other });
    await using kube = kubeClient(server.target);
    const text = '# note\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: here }\ndata: 1\n';
    await expect(kube.apply(parseManifests('fixtures/x.yaml', text))).rejects.toThrow(
      /^fixtures\/x\.yaml:2:1: ConfigMap\/here\/x was refused: .*data must be a map \(422 Invalid\)$/,
    );
    expect(server.requests[0]).toContain('fieldManager=mettle&force=false&fieldValidation=Strict');
  });

  test('tells an object that is not there from one that cannot be read', async () => {
    const absent = { status: 404, body: { code: 404, reason: 'NotFound', message: 'not found' } };
    const forbidden = { status: 403, body: { code: 403, reason: 'Forbidden', message: 'no' } };
    const ref = { ...SELECTION, name: 'x' };
    await using first = await fakeApiServer({ lists: [], watches: [], other: absent });
    await using one = kubeClient(first.target);
    expect(await one.get(ref)).toBeUndefined();
    await using second = await fakeApiServer({ lists: [], watches: [], other: forbidden });
    await using two = kubeClient(second.target);
    await expect(two.get(ref)).rejects.toThrow('403 Forbidden');
  });
});
