import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Draft } from '#harness/core/timeline.ts';
import type { WatchHandlers } from '#harness/kube/watch.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { StackContext } from './component.ts';
import { standingOf, untilFleetReady } from './fleet-watch.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

interface State {
  readonly status?: 'True' | 'False' | 'Unknown';
  readonly message?: string;
  readonly revision?: string;
}

function kustomization(name: string, { status, message = '', revision }: State): KubeObject {
  const conditions = status === undefined ? [] : [{ type: 'Ready', status, reason: 'Reason', message }];
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system' },
    status: {
      conditions,
      ...(revision === undefined ? {} : { lastAppliedRevision: `main@sha1:${revision}` }),
    },
  };
}

/** A cluster whose Kustomizations change as the test says. */
function changing(signal?: AbortSignal) {
  let handlers: WatchHandlers | undefined;
  const kube = partialClient({
    watch: (_selection, given) => {
      handlers = given;
      return { started: Promise.resolve(), objects: [], [Symbol.asyncDispose]: async () => undefined };
    },
  });
  const ctx: StackContext = {
    kube,
    artifacts: { images: {} },
    components: [],
    progress: () => undefined,
    ...(signal ? { signal } : {}),
  };
  const drafts: Draft[] = [];
  const recorder = { record: (draft: Draft) => drafts.push(draft) };
  const change = (name: string, state: State): void =>
    handlers?.onChange({ verb: 'modified', object: kustomization(name, state) });
  const told = (): readonly string[] =>
    drafts.map((one) => `${one.subject} ${'state' in one.data ? one.data.state : ''}`);
  return { ctx, recorder, change, told, drafts };
}

const PARTS = [
  { name: 'traefik', step: 'component/traefik' },
  { name: 'shop', step: 'component/shop' },
];

describe('where a part stands', () => {
  test.each<[what: string, object: KubeObject | undefined, state: string, seen: string]>([
    ['absent', undefined, 'awaited', 'not in the cluster yet'],
    ['new', kustomization('a', {}), 'awaited', 'not seen by Flux yet'],
    ['failing', kustomization('a', { status: 'False', message: 'no image' }), 'awaited', 'Reason: no image'],
    ['ready at another revision', kustomization('a', { status: 'True', revision: 'f00' }), 'awaited', 'f00'],
    ['ready at the revision', kustomization('a', { status: 'True', revision: COMMIT }), 'ready', COMMIT],
  ])('%s', (_what, object, state, seen) => {
    const standing = standingOf(object, COMMIT);
    expect(standing.state).toBe(state);
    expect(standing.seen).toContain(seen);
  });

  test('any revision will do where none is asked for', () => {
    expect(standingOf(kustomization('a', { status: 'True', revision: 'f00' })).state).toBe('ready');
  });
});

describe('untilFleetReady', () => {
  test('records when each part appeared and when it was ready, once', async () => {
    const { ctx, recorder, change, told } = changing();
    const waiting = untilFleetReady(ctx, { parts: PARTS, revision: COMMIT, deadline_s: 5, recorder });
    change('traefik', {});
    change('another', { status: 'True', revision: COMMIT });
    change('traefik', { status: 'True', revision: COMMIT });
    change('traefik', { status: 'Unknown' });
    change('traefik', { status: 'True', revision: COMMIT });
    change('shop', { status: 'True', revision: 'f00' });
    expect(told()).toEqual(['component/traefik started', 'component/traefik done', 'component/shop started']);
    change('shop', { status: 'True', revision: COMMIT });
    await waiting;
    expect(told().at(-1)).toBe('component/shop done');
  });

  test('says of each part that is late what Flux says of it', async () => {
    const { ctx, recorder, change, told } = changing();
    const waiting = untilFleetReady(ctx, { parts: PARTS, deadline_s: 0.05, recorder });
    change('traefik', { status: 'True', revision: COMMIT });
    change('shop', { status: 'False', message: 'Deployment/shop has no image' });
    await expect(waiting).rejects.toThrow('shop: Reason: Deployment/shop has no image');
    expect(told()).toContain('component/shop failed');
    expect(told()).not.toContain('component/traefik failed');
  });

  test('ends at once when the run is stopped', async () => {
    const stop = new AbortController();
    const { ctx } = changing(stop.signal);
    const waiting = untilFleetReady(ctx, { parts: PARTS, deadline_s: 60 });
    stop.abort();
    await expect(waiting).rejects.toThrow('stopped while waiting');
  });
});
