import { nameOf } from '#harness/core/kubernetes.ts';
import { fieldsOf } from '#harness/core/object-fields.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { type Recorded, recordWatches, SERVICE } from '#harness/kube/recording.ts';
import { OBSERVERS } from './gateway.ts';

/** The Service that users come in by, which a blue/green rollout points at another release all at once. */
export interface WatchedSwitch {
  readonly namespace: string;
  readonly service: string;
}

/**
 * Records, as observer `gateway`, which release a switched Service gives to users, in the terms of a split: nothing for
 * the release that it selected first, everything for any other.
 */
export async function observeSwitch(
  kube: KubeClient,
  { namespace, service }: WatchedSwitch,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  let first: string | undefined;
  let last: string | undefined;
  const selected: Recorded = {
    selection: { ...SERVICE, namespace, name: service },
    drafts({ object }) {
      const selects = String(fieldsOf(object)['selects'] ?? '');
      if (selects === '' || selects === last) return [];
      first ??= selects;
      last = selects;
      const canary_pct = selects === first ? 0 : 100;
      const data = { primary_pct: 100 - canary_pct, canary_pct, read_from: 'object' } as const;
      return [{ source: 'gateway', kind: 'weight', subject: nameOf(object), data }];
    },
  };
  return await recordWatches(kube, OBSERVERS.declared, [selected], recorder);
}
