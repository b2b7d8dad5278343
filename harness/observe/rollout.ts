import type { Cluster } from '#harness/cluster/types.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { EpochMs, Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { observeAlert, observeAlertmanager } from './alerts.ts';
import { observeChat } from './chat.ts';
import { observeGate } from './gate.ts';
import { observeGateway, type WatchedSplit } from './gateway.ts';
import { observeKubernetes } from './kubernetes.ts';
import { analysisQueries, checkQueries, flaggerQueries, recordSeries, shopQueries } from './series.ts';
import { observeSwitch } from './switch.ts';

/** What is watched during a rollout. */
export interface RolloutSubject {
  readonly kube: KubeClient;
  readonly cluster: Cluster;
  readonly spec: Pick<
    RolloutSpec,
    'controller' | 'namespace' | 'app' | 'gateway' | 'interval_s' | 'scrape_interval_s'
  > & {
    readonly alert: Pick<RolloutSpec['alert'], 'name'>;
  };
  /** The two Services that the gateway splits between; Flagger's when absent. */
  readonly services?: NonNullable<WatchedSplit['services']>;
  /** The Service that a blue/green rollout switches; there is no split then. */
  readonly switched?: string;
  /** Whether the gate that answers webhooks is there. */
  readonly gated?: boolean;
}

/**
 * Starts every observer of a rollout and returns when all of them watch: objects and events, declared weights,
 * alerts, chat, webhooks. Closing the result ends them in order, after a last look.
 * @throws what the API server's first answers throw; sources over HTTP are recorded as lost instead
 */
export async function observeRollout(subject: RolloutSubject, recorder: Recorder): Promise<AsyncDisposable> {
  const { kube, cluster, spec, services, switched, gated = false } = subject;
  const { namespace, app, alert, gateway } = spec;
  const split = { namespace, app, ...(gateway ? { gateway } : {}), ...(services ? { services } : {}) };
  const starting = [
    observeKubernetes(kube, spec, recorder),
    switched === undefined
      ? observeGateway(kube, split, recorder)
      : observeSwitch(kube, { namespace, service: switched }, recorder),
    observeAlert(cluster.ports.prometheus, { name: alert.name, namespace }, recorder),
    observeAlertmanager(cluster.ports.alertmanager, namespace, recorder),
    observeChat(cluster.ports.chat, namespace, recorder),
    ...(gated ? [observeGate(kube, namespace, recorder)] : []),
  ];
  await using observers = new AsyncDisposableStack();
  const results = await Promise.allSettled(starting);
  for (const result of results) if (result.status === 'fulfilled') observers.use(result.value);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return observers.move();
}

/** Records, after the act, what Prometheus saw of it: error ratio and rate by workload, and the checks' own queries. */
export async function recordRolloutSeries(
  { kube, cluster, spec }: RolloutSubject,
  span: { readonly from: EpochMs; readonly to: EpochMs },
  recorder: Recorder,
): Promise<void> {
  const queriesOf = spec.controller === 'flagger' ? checkQueries : analysisQueries;
  const checks = await queriesOf(kube, spec).catch((error: unknown) => {
    const text = `the checks of ${spec.app} cannot be read: ${String(error)}`;
    recorder.record({ source: 'harness', kind: 'note', subject: 'prometheus', data: { text } });
    return [];
  });
  const own = spec.controller === 'flagger' ? flaggerQueries(spec) : [];
  const queries = [...shopQueries(spec), ...checks, ...own];
  const range = { ...span, step_s: spec.scrape_interval_s };
  await recordSeries(cluster.ports.prometheus, queries, range, recorder);
}
