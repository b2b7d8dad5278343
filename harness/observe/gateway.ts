import type { EpochMs, Recorder } from '#harness/core/timeline.ts';
import { nameOf } from '#harness/core/kubernetes.ts';
import type { Split, Weights } from '#harness/gateway/adapter.ts';
import { gatewayOf } from '#harness/gateway/gateways.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { type Recorded, recordWatches } from '#harness/kube/recording.ts';
import { shopHost } from '#harness/stack/shop.ts';
import { observeSource, type Source } from './source.ts';

/** The split that is watched. */
export interface WatchedSplit {
  readonly namespace: string;
  /** Name of the object that declares the weights. */
  readonly app: string;
  /** Name of the gateway's adapter; `traefik` when absent. */
  readonly gateway?: string;
  /** Host name that the gateway routes by; the shop's when absent. */
  readonly host?: string;
  /** The two Services; Flagger's `app-primary` and `app-canary` when absent. */
  readonly services?: { readonly primary: string; readonly canary: string };
}

/** Names of the observers of declared and of live weights. */
export const OBSERVERS = { declared: 'gateway', live: 'gateway-live' } as const;

/** Pause between two readings of the live configuration, in ms. */
const READ_EVERY_MS = 200;

/** Weights that differ by less are the same, in percentage points. */
const SAME_PP = 1e-6;

function same(left: Weights | undefined, right: Weights): boolean {
  return (
    left !== undefined &&
    Math.abs(left.canary_pct - right.canary_pct) < SAME_PP &&
    Math.abs(left.primary_pct - right.primary_pct) < SAME_PP
  );
}

function splitOf({ namespace, app, host, services }: WatchedSplit): Split {
  return {
    namespace,
    name: app,
    host: host ?? shopHost(namespace),
    primary: services?.primary ?? `${app}-primary`,
    canary: services?.canary ?? `${app}-canary`,
  };
}

/**
 * Records each change of the declared weights, from the objects that declare them, as observer `gateway`.
 * @throws UsageError for an unknown gateway, DeadlineError when the objects cannot be watched
 */
export async function observeDeclared(
  kube: KubeClient,
  gateway: string,
  split: Split,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const adapter = gatewayOf(gateway);
  let last: Weights | undefined;
  const weights: Recorded = {
    selection: { ...adapter.declares, namespace: split.namespace, name: split.name },
    drafts(change) {
      const found = change.verb === 'deleted' ? undefined : adapter.declared(split, change.object);
      if (found === undefined || same(last, found)) return [];
      last = found;
      const data = { ...found, read_from: 'object', gateway } as const;
      return [{ source: 'gateway', kind: 'weight', subject: nameOf(change.object), data }];
    },
  };
  return await recordWatches(kube, OBSERVERS.declared, [weights], recorder);
}

/**
 * Reads the live configuration again and again, and records each change for each pod of the data plane. A change came at
 * some time since the reading before, which its clock error says.
 */
function liveSource(kube: KubeClient, gateway: string, split: Split, recorder: Recorder): Source {
  const reader = gatewayOf(gateway).live(kube);
  const last = new Map<string, Weights>();
  let asked_before: EpochMs = Date.now();
  return {
    name: OBSERVERS.live,
    period_ms: READ_EVERY_MS,
    async read() {
      const asked = Date.now();
      const readings = await reader.read(split);
      const at = Date.now();
      for (const { subject, weights } of readings) {
        if (same(last.get(subject), weights)) continue;
        last.set(subject, weights);
        recorder.record({
          at,
          source: 'gateway',
          kind: 'weight',
          subject,
          clock_error_ms: at - asked_before,
          data: { ...weights, read_from: 'live', gateway },
        });
      }
      asked_before = asked;
    },
  };
}

/**
 * Records the declared weights of a split, as observer `gateway`, and those that the data plane serves, as observer
 * `gateway-live`, each whenever it changes; and once how soon the second must follow the first.
 * @throws UsageError for an unknown gateway, DeadlineError when the objects cannot be watched
 */
export async function observeGateway(
  kube: KubeClient,
  watched: WatchedSplit,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const { gateway = 'traefik' } = watched;
  const split = splitOf(watched);
  const { follows } = gatewayOf(gateway);
  recorder.record({
    source: 'gateway',
    kind: 'bound',
    subject: `${split.namespace}/${split.name}`,
    data: { gateway, follow_ms: follows.within_ms, derivation: follows.derivation },
  });
  await using observers = new AsyncDisposableStack();
  observers.use(await observeDeclared(kube, gateway, split, recorder));
  observers.use(await observeSource(liveSource(kube, gateway, split, recorder), recorder));
  return observers.move();
}
