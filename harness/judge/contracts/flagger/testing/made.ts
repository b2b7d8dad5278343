import type { FlaggerSpec } from '#harness/core/rollout-spec.ts';
import type {
  AnswerSeries,
  Draft,
  EpochMs,
  GateCallData,
  KubernetesObjectData,
  TimelineRecord,
} from '#harness/core/timeline.ts';
import { Timeline } from '#harness/core/timeline.ts';
import type { Outcome } from '#harness/core/verdict.ts';
import type { Rule } from '../../../rule.ts';

/** One record of a made-up run; `at` counts seconds from the shipping of the judged release. */
export type Made = Draft & { readonly at: EpochMs };

const SHIPPED = 1_800_000_000_000;
const NAMESPACE = 'shop-1';

/** A moment, so many seconds after the judged release was shipped. */
export function moment(seconds: number): EpochMs {
  return SHIPPED + seconds * 1000;
}

/** What every run of these tests declares. */
export const SPEC: FlaggerSpec = {
  controller: 'flagger',
  namespace: NAMESPACE,
  app: 'shop',
  stable_release: 'v1',
  next_release: 'v2',
  expected: 'promotion',
  interval_s: 10,
  scrape_interval_s: 2,
  threshold: 2,
  step_weight_pct: 20,
  max_weight_pct: 40,
  check: { name: 'error-rate', max_pct: 1 },
  load: { profile: 'light-50', rate_per_s: 50 },
  bad_answers_pct: 0,
  alert: { name: 'Alert', threshold_pct: 1, window_s: 10, for_s: 60, evaluation_interval_s: 2 },
};

export function spec(change: Partial<FlaggerSpec> = {}): Made {
  return {
    at: moment(-60),
    source: 'harness',
    kind: 'spec',
    subject: `${NAMESPACE}/shop`,
    data: { ...SPEC, ...change },
  };
}

export function observed(...names: readonly string[]): readonly Made[] {
  return names.map((subject) => ({
    at: moment(-50),
    source: 'harness',
    kind: 'observer',
    subject,
    data: { state: 'started' },
  }));
}

export function shipped(seconds = 0, release = 'v2', subject = `Deployment/${NAMESPACE}/shop`): Made {
  return {
    at: moment(seconds),
    source: 'release',
    kind: 'shipped',
    subject,
    data: { release, document: {} },
  };
}

/** An act of the scenario, from its start to its end. */
export function act(name: string, from: number, to: number): readonly Made[] {
  const phase = (seconds: number, how: 'started' | 'done'): Made => ({
    at: moment(seconds),
    source: 'harness',
    kind: 'phase',
    subject: name,
    data: { state: how },
  });
  return [phase(from, 'started'), phase(to, 'done')];
}

type Fields = KubernetesObjectData['fields'];

/** A state of an object of the run's namespace: `Deployment/shop-primary`. */
export function state(
  seconds: number,
  kind_and_name: string,
  fields: Fields,
  more: Partial<Pick<KubernetesObjectData, 'verb' | 'generation'>> = {},
): Made {
  return {
    at: moment(seconds),
    source: 'kubernetes',
    kind: 'object',
    subject: kind_and_name.replace('/', `/${NAMESPACE}/`),
    data: { verb: 'modified', resource_version: String(seconds), fields, ...more },
  };
}

/** A state of the Canary; counters that are not named are 0. */
export function canary(seconds: number, phase: string, fields: Fields = {}): Made {
  return state(seconds, 'Canary/shop', { phase, weight_pct: 0, failed_checks: 0, iterations: 0, ...fields });
}

/** A weight that the gateway was told. */
export function weight(seconds: number, canary_pct: number): Made {
  return {
    at: moment(seconds),
    source: 'gateway',
    kind: 'weight',
    subject: `TraefikService/${NAMESPACE}/shop`,
    data: { primary_pct: 100 - canary_pct, canary_pct, read_from: 'object', gateway: 'traefik' },
  };
}

/** An Event of the Canary's. */
export function event(seconds: number, message: string): Made {
  return {
    at: moment(seconds),
    source: 'kubernetes',
    kind: 'event',
    subject: `Canary/${NAMESPACE}/shop`,
    data: { type: 'Normal', reason: 'Synced', message, count: 1, reporter: 'flagger' },
  };
}

/** A call of a hook. */
export function call(seconds: number, path: string, status: number, more: Partial<GateCallData> = {}): Made {
  return {
    at: moment(seconds),
    source: 'gate',
    kind: 'call',
    subject: `Canary/${NAMESPACE}/shop`,
    data: { path, status, delay_ms: 0, phase: 'Progressing', metadata: {}, ...more },
  };
}

export function told(seconds: number, text: string): Made {
  return {
    at: moment(seconds),
    source: 'chat',
    kind: 'message',
    subject: `Canary/${NAMESPACE}/shop`,
    data: { sender: 'flagger', channel: 'rollouts', text, severity: 'warning', fields: {} },
  };
}

type Answers = Partial<Pick<AnswerSeries, 'release' | 'bad' | 'group' | 'route'>>;

/** Seconds of load, each with the given counts of answers; good ones of the stable release unless said. */
export function load(
  from: number,
  to: number,
  ...answers: readonly (Answers & { count: number })[]
): readonly Made[] {
  return Array.from({ length: to - from }, (_, index) => {
    const begin = moment(from + index);
    return {
      at: begin + 1000,
      source: 'load',
      kind: 'second',
      subject: NAMESPACE,
      data: {
        from: begin,
        iterations: 50,
        dropped_iterations: 0,
        vus: 50,
        lag_max_ms: 1,
        cpu_s: 0.1,
        series: answers.map(({ count, ...of }) => ({
          release: 'v1',
          status: of.bad ? 500 : 200,
          route: '/',
          bad: false,
          ...of,
          count,
          sum_ms: count,
          max_ms: 1,
          buckets: [],
          first_at: begin,
          last_at: begin + 900,
        })),
      },
    };
  });
}

/** A counter as Prometheus read it, once every two seconds. */
export function counter(
  labels: Readonly<Record<string, string>>,
  from: number,
  to: number,
  per_s: number,
): Made {
  const samples = Array.from({ length: Math.floor((to - from) / 2) + 1 }, (_, index): [EpochMs, number] => [
    moment(from + 2 * index),
    per_s * 2 * index,
  ]);
  return {
    at: moment(to),
    source: 'prometheus',
    kind: 'series',
    subject: 'requests',
    data: { query: 'requests', labels: { ...labels }, samples },
  };
}

/** What a rule says of records in whatever order they are given. */
export function judged(
  rule: Rule,
  ...records: readonly (Made | readonly Made[])[]
): { readonly outcome: Outcome; readonly reason: string } {
  const drafts = records.flat().toSorted((left, right) => left.at - right.at);
  const placed: TimelineRecord[] = [];
  for (const draft of drafts) placed.push({ seq: placed.length + 1, ...draft });
  const { outcome, reason } = rule.judge(new Timeline(placed));
  return { outcome, reason };
}
