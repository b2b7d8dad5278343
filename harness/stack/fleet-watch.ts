import { DeadlineError, InterruptedError } from '#harness/core/errors.ts';
import { conditionOf } from '#harness/core/kstatus.ts';
import { type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import type { RecoveryStepData } from '#harness/core/recovery.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import { KUSTOMIZATION } from '#harness/kube/recording.ts';
import type { StackContext } from './component.ts';
import type { FleetPart } from './fleet-parts.ts';
import { FLUX_NAMESPACE } from './flux.ts';

/** Where one part stands. */
type Standing =
  | { readonly state: 'awaited'; readonly seen: string }
  | { readonly state: 'ready'; readonly seen: string };

/**
 * Where a part stands by its Kustomization: ready once all that it applied is healthy, at the revision asked for. The
 * revision that Flux writes is `branch@sha1:<commit>`.
 */
export function standingOf(kustomization: KubeObject | undefined, revision?: string): Standing {
  if (kustomization === undefined) return { state: 'awaited', seen: 'not in the cluster yet' };
  const ready = conditionOf(kustomization, 'Ready');
  if (ready?.status !== 'True') {
    return { state: 'awaited', seen: ready ? `${ready.reason}: ${ready.message}` : 'not seen by Flux yet' };
  }
  const applied = textAt(kustomization, 'status', 'lastAppliedRevision') ?? 'none';
  if (revision !== undefined && !applied.endsWith(`:${revision}`)) {
    return { state: 'awaited', seen: `ready at revision ${applied}` };
  }
  return { state: 'ready', seen: `ready at revision ${applied}` };
}

type Part = Pick<FleetPart, 'name' | 'step'>;

export interface FleetWait {
  readonly parts: readonly Part[];
  /** Commit that must have been applied; any when absent. */
  readonly revision?: string;
  readonly deadline_s: number;
  /** Told when each part appears, is ready, or was not ready in time: `recovery/step` of its step. */
  readonly recorder?: Recorder;
}

function byHand(name: string): string {
  return `kubectl -n ${FLUX_NAMESPACE} wait kustomization/${name} --for=condition=Ready --timeout=120s`;
}

/** Follows the parts of a fleet, and writes down what becomes of each. */
class Parts {
  readonly #wait: FleetWait;
  readonly #seen = new Map<string, Standing>();

  constructor(wait: FleetWait) {
    this.#wait = wait;
  }

  /** Parts that are not ready, each with what was last seen of it. */
  get awaited(): readonly { readonly part: Part; readonly seen: string }[] {
    return this.#wait.parts.flatMap((part) => {
      const { state, seen } = this.#seen.get(part.name) ?? standingOf(undefined);
      return state === 'ready' ? [] : [{ part, seen }];
    });
  }

  look(object: KubeObject): void {
    const { name } = object.metadata;
    const before = this.#seen.get(name);
    const part = this.#wait.parts.find((one) => one.name === name);
    if (before?.state === 'ready' || part === undefined) return;
    const standing = standingOf(object, this.#wait.revision);
    this.#seen.set(name, standing);
    if (before === undefined) this.#record(part, 'started', `Flux applies ${name} from Git`);
    if (standing.state === 'ready') this.#record(part, 'done', standing.seen);
  }

  giveUp(): void {
    for (const { part, seen } of this.awaited) this.#record(part, 'failed', seen);
  }

  #record({ name, step }: Part, state: RecoveryStepData['state'], note: string): void {
    const data: RecoveryStepData = { state, note, by_hand: byHand(name) };
    this.#wait.recorder?.record({ source: 'recovery', kind: 'step', subject: step, data });
  }
}

/**
 * Waits by watching until every part of a fleet is ready, and records when each was.
 * @throws DeadlineError with what Flux says of the parts that are not
 * @throws InterruptedError when the context's signal is aborted
 */
export async function untilFleetReady(ctx: StackContext, wait: FleetWait): Promise<void> {
  const { kube, progress, signal } = ctx;
  const parts = new Parts(wait);
  const over = Promise.withResolvers<void>();
  const awaited = `${wait.parts.length} parts of the cluster to be ready`;
  let told = '';
  await using _watching = kube.watch(
    { ...KUSTOMIZATION, namespace: FLUX_NAMESPACE },
    {
      onChange({ object }) {
        parts.look(object);
        const names = parts.awaited.map(({ part }) => part.name).join(', ');
        if (names === '') over.resolve();
        if (names !== told) progress(names === '' ? 'all parts are ready' : `awaited: ${names}`);
        told = names;
      },
    },
  );
  const timer = setTimeout(() => {
    const seen = parts.awaited.map((one) => `${one.part.name}: ${one.seen}`).join('; ');
    parts.giveUp();
    over.reject(new DeadlineError(awaited, wait.deadline_s, seen));
  }, wait.deadline_s * 1000);
  const interrupt = (): void => over.reject(new InterruptedError(`stopped while waiting for ${awaited}`));
  if (signal?.aborted) interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    await over.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
  }
}
