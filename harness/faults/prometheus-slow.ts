import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { asked, makeAsker, MetricsTold, planMetrics, tellMetrics, untellMetrics } from './metrics-told.ts';

/** Flagger waits 5 s for an answer and Argo Rollouts as long as its metric says; checks ask by `metrics_address`. */
export const prometheusSlow = defineFault({
  name: 'prometheus-slow',
  breaks: 'answers the checks of one namespace late',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    delay_ms: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(25_000),
      v.description('time before the answer, in ms; a controller gives up after about 5000'),
    ),
  }),
  state: MetricsTold,
  trial_needs: { components: ['metrics-proxy', 'flagger', 'argo-rollouts'] },
  async example(trial) {
    await makeAsker(trial);
    return { delay_ms: 500 };
  },
  plan: (ctx, { delay_ms }, namespace) =>
    planMetrics(ctx, { namespace, delay_ms }, 'checks are late, or given up and counted as failed'),
  inject: tellMetrics,
  async probeOn(ctx, { namespace, delay_ms = 0 }) {
    const { duration_ms } = await asked(ctx, namespace);
    return { holds: duration_ms >= delay_ms, seen: `answered after ${Math.round(duration_ms)} ms` };
  },
  heal: untellMetrics,
  async probeOff(ctx, { namespace, delay_ms = 0 }) {
    const { duration_ms, values } = await asked(ctx, namespace);
    return {
      holds: values !== undefined && duration_ms < delay_ms,
      seen: `answered after ${Math.round(duration_ms)} ms`,
    };
  },
});
