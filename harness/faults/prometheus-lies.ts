import * as v from 'valibot';
import { defineFault, type FaultContext, type Probe } from './fault.ts';
import {
  type Answered,
  asked,
  makeAsker,
  MetricsTold,
  planMetrics,
  tellMetrics,
  untellMetrics,
} from './metrics-told.ts';

type Lie = Omit<MetricsTold, 'namespace'>;

/** What each answer is, for the proxy. */
const LIES = {
  nan: { values: ['NaN'] },
  empty: { values: [] },
  infinity: { values: ['+Inf'] },
  'minus-infinity': { values: ['-Inf'] },
  stale: { frozen: true },
  'two-series': { values: [0, 100] },
  error: { status: 500 },
  unavailable: { status: 503 },
  closed: { cut: true },
} as const satisfies Readonly<
  Record<string, { [Key in keyof Lie]: Lie[Key] | readonly (number | string)[] }>
>;

const NAMES = [
  'nan',
  'empty',
  'infinity',
  'minus-infinity',
  'stale',
  'two-series',
  'error',
  'unavailable',
  'closed',
] as const;

function saw({ values, error, duration_ms }: Answered): string {
  const took = `after ${Math.round(duration_ms)} ms`;
  return values === undefined ? `no answer ${took}: ${error}` : `the values [${values.join(', ')}] ${took}`;
}

async function lies(ctx: FaultContext, { namespace, values, frozen }: MetricsTold): Promise<Probe> {
  const first = await asked(ctx, namespace);
  if (frozen === true) {
    const second = await asked(ctx, namespace);
    const same = first.values !== undefined && first.text === second.text;
    return { holds: same, seen: `${same ? 'the same answer twice' : 'another answer'}, ${saw(second)}` };
  }
  const holds =
    values === undefined
      ? first.values === undefined
      : first.values?.join() === values.map(String).join() && first.values.length === values.length;
  return { holds, seen: saw(first) };
}

/** Checks ask the proxy where the shop's option `metrics_address` says so. */
export const prometheusLies = defineFault({
  name: 'prometheus-lies',
  breaks: 'gives the checks of one namespace other answers than Prometheus has',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    answer: v.pipe(
      v.picklist(NAMES),
      v.description(
        'nan, empty, infinity, minus-infinity; stale: the first one again and again; two-series: 0 and 100; error: 500, unavailable: 503, closed: none',
      ),
    ),
  }),
  state: MetricsTold,
  trial_needs: { components: ['metrics-proxy', 'flagger', 'argo-rollouts'] },
  async example(trial) {
    await makeAsker(trial);
    return { answer: 'nan' as const };
  },
  plan(ctx, { answer }, namespace) {
    const lie: { readonly values?: readonly (number | 'NaN' | '+Inf' | '-Inf')[] } & Omit<Lie, 'values'> =
      LIES[answer];
    const { values, ...rest } = lie;
    return planMetrics(
      ctx,
      { namespace, ...rest, ...(values ? { values: [...values] } : {}) },
      'a bad release may be found good, and a good one bad',
    );
  },
  inject: tellMetrics,
  probeOn: lies,
  heal: untellMetrics,
  async probeOff(ctx, { namespace }) {
    const [first, second] = [await asked(ctx, namespace), await asked(ctx, namespace)];
    const one = first.values?.length === 1 && second.values?.length === 1;
    return { holds: one && first.text !== second.text, seen: saw(second) };
  },
});
