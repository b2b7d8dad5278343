import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#harness/core/errors.ts';
import { at, type KubeObject, textAt } from '#harness/core/kubernetes.ts';
import { RELEASE_LABEL, TOUCHED_ANNOTATION } from '#harness/core/object-labels.ts';
import { REPLICA_SET } from '#harness/kube/recording.ts';
import type { KubernetesObjectData, RecordOf, Timeline } from '#harness/core/timeline.ts';
import { rolloutSubject } from '#harness/judge/endings.ts';
import { loadMeasured } from '../rollout-conditions.ts';
import type { LoadedAct, Moment, RolloutExtras, When } from '../rollout-extras.ts';
import { STEADY_S, unlessLate } from '../on-cluster.ts';
import { shopRollout } from '#harness/stack/shop-argo.ts';
import type { Reshape } from '#harness/stack/shop.ts';

type Fields = KubernetesObjectData['fields'];
type Act = Moment['act'];

/** Longest wait for what a controller does within a reconciliation or two and the start of pods, in seconds. */
const SOON_S = 30;

/**
 * What a person does to a Rollout with `kubectl argo rollouts`: a merge patch of its status. Source:
 * pkg/kubectl-argo-rollouts/cmd/{abort,retry,promote} of Argo Rollouts 1.10.
 */
function toStatus(status: object): Act {
  return async ({ ctx, spec }) => {
    await ctx.kube.patchStatus(shopRollout(spec.namespace), { status });
  };
}

export const abort: Act = toStatus({ abort: true });
export const retry: Act = toStatus({ abort: false });
/** Ends the pause that the canary is in. */
export const promoteStep: Act = toStatus({ pauseConditions: null });
export const promoteFull: Act = toStatus({ promoteFull: true });

/** Changes the Rollout's own specification in its place, as `kubectl edit` does. */
export function edit(spec: object): Act {
  return async (act) => {
    await act.ctx.kube.patch(shopRollout(act.spec.namespace), { spec });
  };
}

/** Ships a document of `fixtures/releases` under a name; one that served before under its former name goes back to it. */
export function ship(document: string, release: string): Act {
  return (act) => act.ship(document, release);
}

/** Between two rounds of foreign writes, in ms. */
const TOUCH_MS = 300;

/**
 * Writes a mark to the Rollout and to each of its ReplicaSets, over and over until it is given back: each write makes
 * the copies that the controller works on out of date.
 */
export const touching: Act = async ({ run, ctx, spec, namespace }) => {
  const stopped = new AbortController();
  const signal = AbortSignal.any([stopped.signal, run.signal]);
  const write = async (round: number): Promise<void> => {
    const sets = await ctx.kube.list({ ...REPLICA_SET, namespace });
    const refs = [
      shopRollout(spec.namespace),
      ...sets.map(({ metadata }) => ({ ...REPLICA_SET, namespace, name: metadata.name })),
    ];
    const mark = { metadata: { annotations: { [TOUCHED_ANNOTATION]: String(round) } } };
    for (const ref of refs) await ctx.kube.patch(ref, mark);
  };
  const rounds = (async () => {
    for (let round = 1; !signal.aborted; round += 1) {
      await write(round);
      await delay(TOUCH_MS, undefined, { signal }).catch(() => undefined);
    }
  })();
  // A write that fails is told when the writer is given back, not as an unhandled rejection before.
  const ended = rounds.then(
    () => undefined,
    (error: unknown) => run.note(`the foreign writes ended: ${messageOf(error)}`),
  );
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await ended;
    },
  };
};

/** Nothing is done: the moment alone is what the run waits for. */
const nothing: Act = async () => undefined;

/** Where the last act began, or the release was shipped: what counts as seen since then is later. */
function lastActSeq(timeline: Timeline): number {
  const phase = timeline.of('harness', 'phase').findLast(({ data }) => data.state === 'started');
  const shipped = timeline.of('release', 'shipped').at(-1);
  return Math.max(shipped?.seq ?? 0, phase?.seq ?? 0);
}

/** The Rollout is in a state now, and came to it after the last act began. */
export function now(
  awaited: string,
  holds: (fields: Fields, timeline: Timeline) => boolean,
  deadline_s = SOON_S,
): When {
  return (spec) => {
    const subject = rolloutSubject(spec);
    return {
      awaited: `${subject}: ${awaited}`,
      deadline_s,
      holds: (timeline) => {
        const latest = timeline.of('kubernetes', 'object').findLast((record) => record.subject === subject);
        return (
          latest !== undefined && latest.seq > lastActSeq(timeline) && holds(latest.data.fields, timeline)
        );
      },
    };
  };
}

/** The canary is held at a weight. */
export function pausedAt(weight_pct: number, deadline_s = SOON_S): When {
  return now(
    `paused at ${weight_pct} %`,
    (fields) => fields['phase'] === 'Paused' && fields['weight_pct'] === weight_pct,
    deadline_s,
  );
}

/** A state of a ReplicaSet that a Rollout has made for a release; one that a Deployment has made has no such hash. */
function isSetOf({ subject, data }: RecordOf<'kubernetes', 'object'>, release: string): boolean {
  return (
    subject.startsWith('ReplicaSet/') && data.fields['release'] === release && data.fields['hash'] !== ''
  );
}

/** Hash of the pods of a release; undefined before there is a ReplicaSet of it. */
function hashOf(timeline: Timeline, release: string): unknown {
  return timeline.of('kubernetes', 'object').find((record) => isSetOf(record, release))?.data.fields['hash'];
}

/** The Rollout has given up what it was rolling out. */
export const givenUp: When = now('aborted', ({ aborted }) => aborted === true);

/** The Rollout has given a release up, not the one before it. */
export function givenUpWith(release: string, deadline_s = SOON_S): When {
  return now(
    `${release} is aborted`,
    ({ aborted, canary }, timeline) => aborted === true && canary === hashOf(timeline, release),
    deadline_s,
  );
}

/** A release serves everything, and nothing else is asked for. */
export function stableNow(release: string, deadline_s = SOON_S): When {
  return now(
    `${release} is stable`,
    ({ phase, stable, canary }, timeline) =>
      phase === 'Healthy' && stable === canary && stable === hashOf(timeline, release),
    deadline_s,
  );
}

/** Pods that the last recorded state of each of a release's ReplicaSets asks for. */
function askedFor(timeline: Timeline, release: string): number | undefined {
  const sets = new Map<string, number>();
  for (const record of timeline.of('kubernetes', 'object')) {
    const { subject, data } = record;
    if (isSetOf(record, release))
      sets.set(subject, data.verb === 'deleted' ? 0 : Number(data.fields['replicas']));
  }
  return sets.size === 0 ? undefined : [...sets.values()].reduce((sum, count) => sum + count, 0);
}

/** No pod of a release is asked for any more. */
export function scaledDown(release: string, deadline_s: number): When {
  return () => ({
    awaited: `no pod of release ${release} to be asked for`,
    deadline_s,
    holds: (timeline) => askedFor(timeline, release) === 0,
  });
}

/** Whole seconds of load since the last act began: how long something is watched that must not happen. */
export function watched(seconds: number): When {
  return () => ({
    awaited: `${seconds} s of load`,
    deadline_s: 2 * seconds + SOON_S,
    holds: (timeline) => {
      const since = timeline.records.find(({ seq }) => seq === lastActSeq(timeline))?.at ?? 0;
      return loadMeasured(seconds, since).holds(timeline);
    },
  });
}

/** At once, when the act before has ended. */
export const next: When = () => ({ awaited: 'the act before', deadline_s: 1, holds: () => true });

/** One act: what it is called in the timeline and for the reader, when it is done, and what. */
export function moment(name: string, title: string, when: When, act: Act = nothing): Moment {
  return { name, title, when, act };
}

/** Measures who serves once all is done. */
const AFTERWARDS: Moment = {
  name: 'afterwards',
  title: 'measuring who serves afterwards',
  when: next,
  act: async ({ run }: LoadedAct) => {
    const measured = loadMeasured(STEADY_S, Date.now());
    await unlessLate(run, () => run.timeline.until(measured, SOON_S, run.signal));
  },
};

/**
 * Acts that follow one another until the last is done, in the place of the one end that a rollout has otherwise. One
 * whose moment does not come ends them.
 */
export function script(...moments: readonly Moment[]): Required<Pick<RolloutExtras, 'during' | 'until'>> {
  return { during: [...moments, AFTERWARDS], until: next };
}

interface Change {
  readonly spec?: object;
  /** Fields of whichever strategy the Rollout has. */
  readonly strategy?: object;
}

/** Changes the shop's Rollout, and nothing else of the shop, before it is applied. */
export function rolloutWith(change: (release: string) => Change): Reshape {
  return (object: KubeObject) => {
    if (object.kind !== 'Rollout') return object;
    const release = textAt(object, 'spec', 'template', 'metadata', 'labels', RELEASE_LABEL) ?? '';
    const { spec = {}, strategy = {} } = change(release);
    const name = at(object, 'spec', 'strategy', 'canary') === undefined ? 'blueGreen' : 'canary';
    const given: object = Object(at(object, 'spec', 'strategy', name));
    return {
      ...object,
      spec: { ...Object(object['spec']), ...spec, strategy: { [name]: { ...given, ...strategy } } },
    };
  };
}
