import { DeadlineError } from '#harness/core/errors.ts';
import { eventDraft, objectDraft } from '#harness/core/object-fields.ts';
import type { Draft, Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from './client.ts';
import type { Change } from './known-objects.ts';
import type { Selection, Watching } from './watch.ts';

/** What one watch puts into the timeline. */
export interface Recorded {
  readonly selection: Selection;
  /** The records of one change; none when it says nothing new. */
  readonly drafts: (change: Change) => readonly Draft[];
}

/** Kind and version of what is recorded, or asked for, in more than one place. */
export const CANARY = { api_version: 'flagger.app/v1beta1', kind: 'Canary' } as const;
export const ROLLOUT = { api_version: 'argoproj.io/v1alpha1', kind: 'Rollout' } as const;
export const ANALYSIS_RUN = { api_version: 'argoproj.io/v1alpha1', kind: 'AnalysisRun' } as const;
export const SERVICE = { api_version: 'v1', kind: 'Service' } as const;
export const DEPLOYMENT = { api_version: 'apps/v1', kind: 'Deployment' } as const;
export const REPLICA_SET = { api_version: 'apps/v1', kind: 'ReplicaSet' } as const;
export const LEASE = { api_version: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
export const POD = { api_version: 'v1', kind: 'Pod' } as const;
export const CONFIG_MAP = { api_version: 'v1', kind: 'ConfigMap' } as const;
export const SECRET = { api_version: 'v1', kind: 'Secret' } as const;
export const AUTOSCALER = { api_version: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' } as const;
export const JOB = { api_version: 'batch/v1', kind: 'Job' } as const;
export const GIT_REPOSITORY = { api_version: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository' } as const;
export const KUSTOMIZATION = {
  api_version: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
} as const;
export const EVENT = { api_version: 'v1', kind: 'Event' } as const;

/** Records each change of the objects of a selection, by `core/object-fields.ts`. */
export function objectsOf(selection: Selection): Recorded {
  return { selection, drafts: ({ verb, object }) => [objectDraft(verb, object)] };
}

/** Records the Events of a namespace; what was told before the watch began, or expired, is left out. */
export function eventsOf(namespace: string): Recorded {
  return {
    selection: { ...EVENT, namespace },
    drafts: ({ verb, object }) =>
      verb === 'listed' || verb === 'deleted' ? [] : [eventDraft(object, Date.now())],
  };
}

/** How long the first lists may take. */
const START_S = 20;

async function begun(name: string, watches: readonly Watching[]): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new DeadlineError(`the watches of ${name} to begin`, START_S, 'no first list'));
  }, START_S * 1000);
  try {
    await Promise.race([Promise.all(watches.map((watch) => watch.started)), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function label({ kind, namespace, name }: Selection): string {
  return [kind, namespace, name].filter((part) => part !== undefined).join('/');
}

/**
 * Records watches into the timeline until it is closed. It says under its name when it started, when a watch lost its
 * source (what is missing then must not be taken for what did not happen), and when it ended.
 * Resolves once every watch has handed on what was there.
 * @throws DeadlineError when a watch has no first list in time
 */
export async function recordWatches(
  kube: KubeClient,
  name: string,
  recorded: readonly Recorded[],
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const say = (state: 'started' | 'ended' | 'lost', note?: string): void => {
    recorder.record({
      source: 'harness',
      kind: 'observer',
      subject: name,
      data: note === undefined ? { state } : { state, note },
    });
  };
  await using stack = new AsyncDisposableStack();
  const watches: Watching[] = [];
  let open = true;
  for (const { selection, drafts } of recorded) {
    const watch = kube.watch(selection, {
      onChange: (change) => {
        if (open) for (const draft of drafts(change)) recorder.record(draft);
      },
      onLost: (reason) => {
        if (open) say('lost', `${label(selection)}: ${reason}`);
      },
      onRecovered: () => {
        if (open) say('started', `${label(selection)}: contact is back`);
      },
    });
    watches.push(stack.use(watch));
  }
  await begun(name, watches);
  say('started');
  const kept = stack.move();
  return {
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      await kept.disposeAsync();
      say('ended');
    },
  };
}
