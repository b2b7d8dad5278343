import * as v from 'valibot';
import { nameOf, listAt, textAt } from '#harness/core/kubernetes.ts';
import type { Trial } from './fault.ts';
import {
  METRICS_PROXY_ADDRESS,
  METRICS_PROXY_PORT,
  type MetricsBehaviour,
  resetMetrics,
  setMetrics,
} from '#harness/stack/metrics-proxy.ts';
import type { FaultContext, FaultPlan } from './fault.ts';

/** What the proxy before Prometheus is told about one namespace. */
export const MetricsTold = v.object({
  namespace: v.string(),
  values: v.optional(v.array(v.union([v.number(), v.picklist(['NaN', '+Inf', '-Inf'])]))),
  frozen: v.optional(v.boolean()),
  status: v.optional(v.number()),
  delay_ms: v.optional(v.number()),
  cut: v.optional(v.boolean()),
});
export type MetricsTold = v.InferOutput<typeof MetricsTold>;

const METRIC_TEMPLATE = { api_version: 'flagger.app/v1beta1', kind: 'MetricTemplate' } as const;
const ANALYSIS_TEMPLATE = { api_version: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate' } as const;

/** The checks of a namespace that ask the proxy: a lie that nobody can hear proves nothing. */
async function askersIn({ kube }: FaultContext, namespace: string): Promise<readonly string[]> {
  const [flagger, argo] = await Promise.all([
    kube.list({ ...METRIC_TEMPLATE, namespace }),
    kube.list({ ...ANALYSIS_TEMPLATE, namespace }),
  ]);
  return [
    ...flagger.filter((one) => textAt(one, 'spec', 'provider', 'address') === METRICS_PROXY_ADDRESS),
    ...argo.filter((one) =>
      listAt(one, 'spec', 'metrics').some(
        (metric) => textAt(metric, 'provider', 'prometheus', 'address') === METRICS_PROXY_ADDRESS,
      ),
    ),
  ].map(nameOf);
}

/** The targets are the checks that ask the proxy; without any the fault names nothing. */
export async function planMetrics(
  ctx: FaultContext,
  state: MetricsTold,
  harm: string,
): Promise<FaultPlan<MetricsTold>> {
  return { targets: await askersIn(ctx, state.namespace), harm, state };
}

/** Makes a check in a trial's namespace that asks the proxy. */
export async function makeAsker({ ctx, namespace }: Trial): Promise<void> {
  await ctx.kube.apply([
    {
      object: {
        apiVersion: METRIC_TEMPLATE.api_version,
        kind: METRIC_TEMPLATE.kind,
        metadata: { name: 'trial', namespace },
        spec: {
          provider: { type: 'prometheus', address: METRICS_PROXY_ADDRESS },
          query: 'vector(1)',
        },
      },
      position: { file: 'harness/faults/metrics-told.ts', line: 1, column: 1 },
    },
  ]);
}

function behaviour({ namespace, ...told }: MetricsTold): MetricsBehaviour {
  const given = Object.entries(told).filter(([, value]) => value !== undefined);
  return { namespace, ...Object.fromEntries(given) };
}

export async function tellMetrics({ kube }: FaultContext, state: MetricsTold): Promise<void> {
  await setMetrics(kube, behaviour(state));
}

export async function untellMetrics({ kube }: FaultContext, { namespace }: MetricsTold): Promise<void> {
  await resetMetrics(kube, namespace);
}

/** What a check of the namespace is answered. */
export interface Answered {
  /** Values of its series; absent when there was no answer to a query. */
  readonly values?: readonly string[];
  /** The same answer's text: a frozen one stays the same. */
  readonly text: string;
  readonly error?: string;
  readonly duration_ms: number;
}

/** The present time: no two answers of Prometheus are the same. */
function clockOf(namespace: string): string {
  return `time() + 0 * (count(up{namespace="${namespace}"}) or vector(0))`;
}

/** Asks the proxy as a check of the namespace would. */
export async function asked({ kube }: FaultContext, namespace: string): Promise<Answered> {
  const from = performance.now();
  try {
    const text = await kube.proxyGet(METRICS_PROXY_PORT, '/api/v1/query', { query: clockOf(namespace) });
    const series = listAt(JSON.parse(text), 'data', 'result');
    const values = series.map((one) => textAt(one, 'value', 1) ?? '');
    return { values, text, duration_ms: performance.now() - from };
  } catch (error) {
    return { text: '', error: String(error), duration_ms: performance.now() - from };
  }
}
