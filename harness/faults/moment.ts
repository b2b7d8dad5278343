import { UsageError } from '#harness/core/errors.ts';
import { nearest } from '#harness/core/nearest.ts';
import { type KubeObject, listAt, nameOf, textAt } from '#harness/core/kubernetes.ts';
import { objectDraft } from '#harness/core/object-fields.ts';
import type { KubernetesObjectData } from '#harness/core/timeline.ts';
import { CANARY, POD, ROLLOUT } from '#harness/kube/recording.ts';
import type { Finding, WaitOptions } from '#harness/kube/wait.ts';
import type { FaultContext } from './fault.ts';

type Fields = KubernetesObjectData['fields'];

/** A state of a rollout under way, as people ask for it on the command line. */
export interface RolloutMoment {
  /** As it was asked for. */
  readonly text: string;
  readonly canary: (fields: Fields) => boolean;
  readonly rollout: (fields: Fields, object: KubeObject) => boolean;
  /** Pods of the given-up release must be there still. */
  readonly with_pods: boolean;
}

const NAMED = ['promotion', 'abort', 'scale-down'] as const;
/** Phases in which Flagger has a release in hand; Argo Rollouts' are `Progressing` and `Paused`. */
const UNDER_WAY = /^(?:Progressing|Waiting|WaitingPromotion|Promoting|Finalising|Paused)$/;

const aborted = {
  canary: (fields: Fields) => fields['phase'] === 'Failed',
  rollout: (fields: Fields) => fields['aborted'] === true,
};

/**
 * Reads `weight 20`, `promotion`, `abort` or `scale-down` (given up, pods still there).
 * @throws UsageError for anything else
 */
export function parseMoment(text: string): RolloutMoment {
  const weight = /^weight (\d{1,3})$/.exec(text)?.[1];
  if (weight !== undefined && Number(weight) >= 1 && Number(weight) <= 100) {
    const reached = (fields: Fields): boolean => Number(fields['weight_pct']) >= Number(weight);
    return { text, canary: reached, rollout: reached, with_pods: false };
  }
  if (text === 'promotion') {
    return {
      text,
      canary: (fields) => fields['phase'] === 'Promoting',
      rollout: (fields, object) => {
        const steps = listAt(object, 'spec', 'strategy', 'canary', 'steps').length;
        return steps > 0 && Number(fields['step']) >= steps;
      },
      with_pods: false,
    };
  }
  if (text === 'abort') return { text, ...aborted, with_pods: false };
  if (text === 'scale-down') return { text, ...aborted, with_pods: true };
  const near = nearest(text, NAMED);
  throw new UsageError(`--at ${JSON.stringify(text)} is no moment of a rollout`, {
    next:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : "It is one of 'weight 20' (any from 1 to 100), promotion, abort, scale-down.",
  });
}

/**
 * Waits by watching until the one rollout of a namespace comes to the moment. A state that stood before a release was
 * under way does not count.
 * @throws UsageError when the namespace has no Canary and no Rollout, or several; DeadlineError
 */
export async function untilMoment(
  { kube }: FaultContext,
  namespace: string,
  moment: RolloutMoment,
  options: WaitOptions,
): Promise<string> {
  const kinds = new Set((await kube.kinds()).map(({ kind }) => kind));
  const found = await Promise.all(
    [CANARY, ROLLOUT]
      .filter(({ kind }) => kinds.has(kind))
      .map(async (kind) => (await kube.list({ ...kind, namespace })).map((object) => ({ kind, object }))),
  );
  const [one, ...others] = found.flat();
  if (one === undefined || others.length > 0) {
    const there = found.flat().map(({ object }) => nameOf(object));
    throw new UsageError(
      `namespace ${namespace} has ${there.length === 0 ? 'no Canary and no Rollout' : there.join(', ')}: --at needs one`,
    );
  }
  const app = textAt(one.object, 'spec', 'targetRef', 'name') ?? one.object.metadata.name;
  let under_way = false;
  const test = ([object]: readonly KubeObject[]): Finding<string> => {
    if (object === undefined) return { met: false, seen: 'it is gone' };
    const draft = objectDraft('modified', object);
    const fields: Fields = draft.kind === 'object' ? draft.data.fields : {};
    const phase = String(fields['phase']);
    const seen = `${phase}, weight ${fields['weight_pct'] ?? 0}`;
    under_way ||= UNDER_WAY.test(phase);
    const holds = one.kind === CANARY ? moment.canary(fields) : moment.rollout(fields, object);
    return under_way && holds ? { met: true, value: seen } : { met: false, seen };
  };
  const awaited = `${nameOf(one.object)} to come to ${moment.text}`;
  const seen = await kube.waitFor(
    { awaited, of: { ...one.kind, namespace, name: one.object.metadata.name }, test },
    options,
  );
  if (!moment.with_pods) return seen;
  return await kube.waitFor(
    {
      awaited: `${awaited}, with pods`,
      of: { ...POD, namespace, labels: `app=${app}` },
      test: (pods) => {
        const there = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
        return there > 0 ? { met: true, value: seen } : { met: false, seen: 'no pods' };
      },
    },
    options,
  );
}
