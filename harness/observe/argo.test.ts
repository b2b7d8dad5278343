import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { Draft } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { Selection, WatchHandlers } from '#harness/kube/watch.ts';
import { observeKubernetes } from './kubernetes.ts';
import { analysisQueries, shopQueries } from './series.ts';
import { observeSwitch } from './switch.ts';

/** A cluster whose watches are kept, so that a test can speak for the API server. */
function watched(list: readonly KubeObject[] = []): {
  readonly kube: KubeClient;
  readonly watches: { readonly selection: Selection; readonly handlers: WatchHandlers }[];
} {
  const watches: { selection: Selection; handlers: WatchHandlers }[] = [];
  const kube = partialClient({
    list: () => Promise.resolve([...list]),
    watch(selection, handlers) {
      watches.push({ selection, handlers });
      return { started: Promise.resolve(), objects: [], [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  });
  return { kube, watches };
}

const recording = (): { readonly drafts: Draft[]; record: (draft: Draft) => number } => {
  const drafts: Draft[] = [];
  return { drafts, record: (draft) => drafts.push(draft) };
};

const service = (hash?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'shop-active', namespace: 'here' },
  spec: { selector: { app: 'shop', ...(hash ? { 'rollouts-pod-template-hash': hash } : {}) } },
});

test('a switched Service is recorded as a split of nothing or everything, once for each change', async () => {
  const { kube, watches } = watched();
  const recorder = recording();
  await using _observer = await observeSwitch(kube, { namespace: 'here', service: 'shop-active' }, recorder);
  const [watch] = watches;
  for (const hash of [undefined, 'aaa', 'aaa', 'bbb', 'aaa']) {
    watch?.handlers.onChange({ verb: 'modified', object: service(hash) });
  }
  const weights = recorder.drafts.filter((draft) => draft.source === 'gateway');
  expect(weights.map((draft) => draft.kind === 'weight' && draft.data.canary_pct)).toEqual([0, 100, 0]);
  expect(weights[0]?.subject).toBe('Service/here/shop-active');
  expect(recorder.drafts[0]).toMatchObject({ kind: 'observer', subject: 'gateway' });
});

test.each([
  ['flagger', ['Canary', 'Deployment', 'Pod', 'Event']],
  ['argo-rollouts', ['Rollout', 'AnalysisRun', 'ReplicaSet', 'Service', 'Deployment', 'Pod', 'Event']],
] as const)('what is watched of a rollout by %s', async (controller, kinds) => {
  const { kube, watches } = watched();
  await using _observer = await observeKubernetes(kube, { namespace: 'here', controller }, recording());
  expect(watches.map(({ selection }) => selection.kind)).toEqual(kinds);
});

const run = (name: string, query?: string): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: { name, namespace: 'here' },
  status: {
    metricResults: [
      { name: 'error-rate', ...(query ? { metadata: { ResolvedPrometheusQuery: `${query}\n` } } : {}) },
    ],
  },
});

const of = (controller: 'flagger' | 'argo-rollouts'): string =>
  shopQueries({ namespace: 'here', controller, interval_s: 5, scrape_interval_s: 2 })
    .map(({ query }) => query)
    .join('\n');

describe('queries', () => {
  test('of analyses are those that the controller asked, each once', async () => {
    const { kube } = watched([run('one', 'up'), run('two', 'up'), run('three', 'down'), run('four')]);
    expect(await analysisQueries(kube, { namespace: 'here' })).toEqual([
      { name: 'error-rate', query: 'up' },
      { name: 'error-rate', query: 'down' },
    ]);
  });

  test('tell the two sides apart as the controller does, over at least four scrapes', () => {
    expect(of('flagger')).toContain('sum by (app)');
    expect(of('argo-rollouts')).toContain('sum by (role)');
    expect(of('argo-rollouts')).toContain('[8s]');
  });
});
