import type { KubeObject } from '#harness/core/kubernetes.ts';
import { SHOP } from '#harness/stack/shop.ts';

/** A metric of an analysis by Argo Rollouts, as its API takes it. */
export interface Metric {
  readonly name: string;
  readonly provider: object;
  readonly [field: string]: unknown;
}

/** What a metric says beside its provider. */
export type MetricRules = Readonly<Record<string, unknown>>;

const ARGO_API = 'argoproj.io/v1alpha1';
const PROMETHEUS = 'http://prometheus.monitoring:9090';

/** PromQL for values that a healthy Prometheus never hands out by itself, and that every team meets some day. */
export const ODD_VALUES = {
  nan: 'vector(0) / 0',
  infinite: 'vector(1) / 0',
  empty: 'vector(1) > 2',
  two_series: 'label_replace(vector(1), "of", "a", "", "") or label_replace(vector(5), "of", "b", "", "")',
} as const;

/** A metric that Prometheus answers. */
export function asked(name: string, query: string, rules: MetricRules): Metric {
  return { name, ...rules, provider: { prometheus: { address: PROMETHEUS, timeout: 5, query } } };
}

/** Seconds of a span, counted from when the run of the analysis was made. */
export type Span = readonly [from_s: number, to_s: number];

/** PromQL that is 1 while one of the spans lasts and 0 otherwise; Prometheus is asked by the clock alone. */
export function duringSpans(began_at_s: number, spans: readonly Span[]): string {
  const within = spans.map(
    ([from_s, to_s]) =>
      `(vector(time() >= bool ${began_at_s + from_s}) * vector(time() < bool ${began_at_s + to_s}))`,
  );
  return within.join(' + ');
}

/** PromQL that Prometheus refuses to evaluate while one of the spans lasts, and answers with 1 otherwise. */
export function errsDuring(began_at_s: number, spans: readonly Span[]): string {
  // Several series of `up` on one side of an operation that allows one of each is an error; none of them is not.
  return `(vector(1) * on() (up and on() (${duringSpans(began_at_s, spans)} > 0))) or vector(1)`;
}

/** The program that a Job runs: it ends with a code, or sleeps for longer than any run lasts. */
export type JobProgram = { readonly exits: number } | 'sleeps';

export interface JobOptions {
  readonly image: string;
  readonly program: JobProgram;
  readonly pull?: 'Always' | 'IfNotPresent' | 'Never';
}

/** A metric that is a Job: its one measurement is good when the Job completes. */
export function job(
  name: string,
  { image, program, pull = 'IfNotPresent' }: JobOptions,
  rules: MetricRules = {},
): Metric {
  const source = program === 'sleeps' ? 'setTimeout(() => {}, 900_000)' : `process.exit(${program.exits})`;
  const container = {
    name,
    image,
    imagePullPolicy: pull,
    command: ['/usr/local/bin/node', '-e', source],
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '96Mi' } },
  };
  const pod = {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    automountServiceAccountToken: false,
    containers: [container],
  };
  return {
    name,
    count: 1,
    ...rules,
    provider: { job: { spec: { backoffLimit: 0, template: { spec: pod } } } },
  };
}

/** An image that no registry has. */
export const NO_IMAGE = 'mettle.invalid/no-such-image:none';

/** An AnalysisTemplate of the scenario's own. */
export function template(name: string, metrics: readonly Metric[], args: readonly object[] = []): KubeObject {
  return {
    apiVersion: ARGO_API,
    kind: 'AnalysisTemplate',
    metadata: { name },
    spec: { ...(args.length > 0 ? { args } : {}), metrics },
  };
}

/** What an analysis is given: the namespace, for the shop's own templates. */
export const OWN_NAMESPACE = [
  { name: 'namespace', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
] as const;

/** An analysis of a Rollout by templates. */
export function analysisBy(...templates: readonly string[]): object {
  return { templates: templates.map((templateName) => ({ templateName })), args: OWN_NAMESPACE };
}

/** An AnalysisRun by itself, beside every Rollout. */
export function analysisRun(
  name: string,
  annotations: Readonly<Record<string, string>>,
  spec: object,
): KubeObject {
  if (name.startsWith(`${SHOP}-`)) throw new Error(`${name} would be taken for one of the Rollout's own`);
  return { apiVersion: ARGO_API, kind: 'AnalysisRun', metadata: { name, annotations }, spec };
}
