import { altered, declaring } from '#harness/core/testing/altered.ts';
import type { ArgoSpec } from '#harness/core/rollout-spec.ts';
import type { Draft, KubernetesObjectData } from '#harness/core/timeline.ts';
import { Timeline } from '#harness/core/timeline.ts';
import type { Rule } from '../rule.ts';
import { at, NAMESPACE, object, timelineOf } from './argo-records.ts';

export type Timed = Draft & { readonly at: number };
type Fields = KubernetesObjectData['fields'];

/** Hashes of the pods of the releases, as `rollout` of the records names them. */
const HASH: Readonly<Record<string, string>> = { v1: 'old', v2: 'new' };

/** A state of the pods of a release; all that are asked for are available unless said. */
export function set(seconds: number, release: string, replicas: number, more: Fields = {}): Timed {
  const hash = HASH[release] ?? release;
  return object(seconds, `ReplicaSet/shop-${hash}`, {
    replicas,
    present: replicas,
    available: replicas,
    hash,
    release,
    ...more,
  });
}

/** A weight as the gateway's object declares it. */
export function weight(seconds: number, canary_pct: number): Timed {
  return {
    at: at(seconds),
    source: 'gateway',
    kind: 'weight',
    subject: `TraefikService/${NAMESPACE}/shop`,
    data: { primary_pct: 100 - canary_pct, canary_pct },
  };
}

/** A second of load in which one release answers. */
export function answered(seconds: number, release: string, count = 10): Timed {
  const from = at(seconds);
  return {
    at: from + 1000,
    source: 'load',
    kind: 'second',
    subject: 'steady-10',
    data: {
      from,
      series: [
        {
          release,
          status: 200,
          route: '/',
          bad: false,
          count,
          sum_ms: 10,
          max_ms: 2,
          buckets: [],
          first_at: from + 10,
          last_at: from + 990,
        },
      ],
      iterations: count,
      dropped_iterations: 0,
      vus: 1,
      lag_max_ms: 1,
      cpu_s: 0.01,
    },
  };
}

export interface Course {
  /** What the run declares otherwise than the made-up canary does. */
  readonly spec?: Partial<ArgoSpec>;
  /** End of the load, in seconds; one release serves all of it. */
  readonly end_s?: number;
  readonly serves?: string;
  /** Names of observers beside those that every timeline has. */
  readonly observers?: readonly string[];
}

/** A timeline of several acts: watched by all observers, under load from second -10 to its end. */
export function courseOf(course: Course, ...drafts: readonly (Timed | readonly Timed[])[]): Timeline {
  const { spec = {}, end_s = 60, serves = 'v1', observers = [] } = course;
  const observed = ['gateway', ...observers].map(
    (subject): Timed => ({
      at: at(-20),
      source: 'harness',
      kind: 'observer',
      subject,
      data: { state: 'started' },
    }),
  );
  const load = Array.from({ length: end_s + 10 }, (_, index) => answered(index - 10, serves));
  const { records } = timelineOf(observed, load, weight(-20, 0), ...drafts);
  return new Timeline(altered(records, declaring(spec)));
}

/** What a rule makes of a course. */
export function judged(rule: Rule, course: Course, ...drafts: readonly (Timed | readonly Timed[])[]): string {
  return rule.judge(courseOf(course, ...drafts)).outcome;
}
