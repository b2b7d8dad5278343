import { METRIC_LIES } from '#harness/core/metric-lies.ts';
import { type MetricsBehaviour, resetMetrics, setMetrics } from '#harness/stack/metrics-proxy.ts';
import type { Moment, When } from '../rollout-extras.ts';

type Lie = Exclude<keyof typeof METRIC_LIES, 'truth'>;

/** What the proxy before Prometheus does for each; Flagger gives a question up after 5 s. */
const BEHAVIOUR: Readonly<Record<Lie, Omit<MetricsBehaviour, 'namespace'>>> = {
  nan: { values: ['NaN'] },
  empty: { values: [] },
  infinite: { values: ['+Inf'] },
  two_series: { values: [0, 100] },
  slow: { delay_ms: 8_000 },
  cut: { cut: true },
  refused: { status: 503 },
};

/** From a moment on the checks of the run's namespace are answered like this; needs the component `metrics-proxy`. */
export function lie(which: Lie, when: When): Moment {
  return {
    name: METRIC_LIES[which],
    title: `from now on ${METRIC_LIES[which]}`,
    when,
    act: async ({ ctx, namespace }) => {
      await setMetrics(ctx.kube, { namespace, ...BEHAVIOUR[which] });
      return { [Symbol.asyncDispose]: () => resetMetrics(ctx.kube, namespace) };
    },
  };
}

/** From a moment on the checks are answered as Prometheus has it. */
export function truth(when: When): Moment {
  return {
    name: METRIC_LIES.truth,
    title: `from now on ${METRIC_LIES.truth}`,
    when,
    act: ({ ctx, namespace }) => resetMetrics(ctx.kube, namespace),
  };
}
