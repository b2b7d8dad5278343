import { DeadlineError, InterruptedError } from '#harness/core/errors.ts';
import { statusOf } from '#harness/core/kstatus.ts';
import { type KubeObject, nameOf, textAt } from '#harness/core/kubernetes.ts';
import type { Progress } from '#harness/core/progress.ts';
import type { KubeApi } from './api.ts';
import { type Selection, watchObjects } from './watch.ts';

/** What a condition found: its value once it is met, else what it saw. */
export type Finding<T> =
  | { readonly met: true; readonly value: T }
  | { readonly met: false; readonly seen: string };

/** Something that can be awaited: which objects to look at, and when they are as wanted. */
export interface Condition<T> {
  /** As the reader should see it, for example `Deployment/shop/shop to be ready`. */
  readonly awaited: string;
  readonly of: Selection;
  /** Looks at all objects of the selection, each time one of them changed. */
  test(objects: readonly KubeObject[]): Finding<T>;
}

export interface WaitOptions {
  readonly deadline_s: number;
  readonly signal?: AbortSignal;
  /** Told what is seen each time it changes. */
  readonly progress?: Progress;
}

/** One named object. */
export interface ObjectRef {
  readonly api_version: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** `Kind/namespace/name` of a reference. */
export function nameOfRef({ kind, name, namespace }: ObjectRef): string {
  return nameOf({ kind, metadata: namespace === undefined ? { name } : { name, namespace } });
}

/** An object to be as asked, by the rules of `core/kstatus.ts`. */
export function isCurrent(ref: ObjectRef): Condition<KubeObject> {
  return {
    awaited: `${nameOfRef(ref)} to be ready`,
    of: ref,
    test([object]) {
      const { standing, message } = statusOf(object);
      if (standing === 'Current' && object) return { met: true, value: object };
      return { met: false, seen: `${standing}: ${message}` };
    },
  };
}

/** An object to be gone. */
export function isGone(ref: ObjectRef): Condition<true> {
  return {
    awaited: `${nameOfRef(ref)} to be gone`,
    of: ref,
    test([object]) {
      return object ? { met: false, seen: statusOf(object).message } : { met: true, value: true };
    },
  };
}

/** An object to be in one of several phases (`status.phase`); the value is the object. */
export function isInPhase(ref: ObjectRef, phases: readonly string[]): Condition<KubeObject> {
  return {
    awaited: `${nameOfRef(ref)} to be ${phases.join(' or ')}`,
    of: ref,
    test([object]) {
      const phase = textAt(object, 'status', 'phase') ?? '';
      if (object && phases.includes(phase)) return { met: true, value: object };
      return { met: false, seen: statusOf(object).message };
    },
  };
}

/**
 * Waits by watching, without polling, until a condition is met, and returns its value.
 * @throws DeadlineError naming what was awaited and what was last seen
 * @throws InterruptedError when the signal is aborted
 */
export async function waitFor<T>(api: KubeApi, condition: Condition<T>, options: WaitOptions): Promise<T> {
  const { deadline_s, signal, progress } = options;
  const met = Promise.withResolvers<T>();
  let seen = 'nothing yet';
  let begun = false;
  const look = (): void => {
    if (!begun) return;
    try {
      const finding = condition.test(watching.objects);
      if (finding.met) met.resolve(finding.value);
      else if (finding.seen !== seen) {
        seen = finding.seen;
        progress?.(`${condition.awaited}: ${seen}`);
      }
    } catch (error) {
      met.reject(error);
    }
  };
  await using watching = watchObjects(api, condition.of, {
    onChange: look,
    onLost: (reason) => {
      seen = `${seen} (no contact: ${reason})`;
    },
    onRecovered: look,
  });
  const begin = async (): Promise<void> => {
    await watching.started;
    begun = true;
    look();
  };
  // A start that fails is told by onLost; the deadline ends the wait.
  begin().catch(() => undefined);
  const timer = setTimeout(() => {
    met.reject(new DeadlineError(condition.awaited, deadline_s, seen));
  }, deadline_s * 1000);
  const interrupt = (): void =>
    met.reject(new InterruptedError(`stopped while waiting for ${condition.awaited}`));
  if (signal?.aborted) interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    return await met.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
  }
}
