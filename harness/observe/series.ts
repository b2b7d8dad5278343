import { FLAGGER_SERIES } from '#harness/core/flagger-series.ts';
import { at, listAt, textAt } from '#harness/core/kubernetes.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { EpochMs, Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { ANALYSIS_RUN } from '#harness/kube/recording.ts';
import { readJson } from './source.ts';

/** A range of time in Prometheus. */
export interface Range {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly step_s: number;
}

/** One series of a range query; points without a number (NaN, infinite) are left out. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: [EpochMs, number][];
}

/** A query with the name that reports show. */
export interface NamedQuery {
  readonly name: string;
  readonly query: string;
}

const TIMEOUT_MS = 10_000;

/** Fewest scrapes in the window of a rate. */
const SCRAPES_MIN = 4;

/** The series in an answer of `/api/v1/query_range`. */
export function seriesOf(answer: unknown): Series[] {
  return listAt(answer, 'data', 'result').map((result) => ({
    labels: Object.fromEntries(
      Object.entries(Object(at(result, 'metric'))).map(([name, value]) => [name, String(value)]),
    ),
    samples: listAt(result, 'values').flatMap((point): [EpochMs, number][] => {
      const [time_s, text] = Array.isArray(point) ? point : [];
      const value = Number(text);
      return typeof time_s === 'number' && Number.isFinite(value) ? [[time_s * 1000, value]] : [];
    }),
  }));
}

/** Runs a range query. Throws when Prometheus does not answer or refuses the query. */
export async function queryRange(port: number, query: string, range: Range): Promise<Series[]> {
  const url = new URL(`http://127.0.0.1:${port}/api/v1/query_range`);
  url.searchParams.set('query', query);
  url.searchParams.set('start', String(range.from / 1000));
  url.searchParams.set('end', String(range.to / 1000));
  url.searchParams.set('step', String(range.step_s));
  return seriesOf(await readJson(url.href, AbortSignal.timeout(TIMEOUT_MS)));
}

/** What reports show beside the load's own measurements, as Prometheus saw it. */
export function shopQueries({
  namespace,
  controller,
  interval_s,
  scrape_interval_s,
}: Pick<RolloutSpec, 'namespace' | 'controller' | 'interval_s' | 'scrape_interval_s'>): NamedQuery[] {
  const all = `namespace="${namespace}", app=~"shop|shop-primary"`;
  // Flagger's two workloads have names of their own; Argo Rollouts tells the pods of one workload apart by label.
  const by = controller === 'flagger' ? 'app' : 'role';
  const window_s = Math.max(interval_s, SCRAPES_MIN * scrape_interval_s);
  const rate = (labels: string): string =>
    `sum by (${by}) (rate(http_requests_total{${labels}}[${window_s}s]))`;
  return [
    { name: 'error-ratio', query: `(${rate(`${all}, code=~"5.."`)} or 0 * ${rate(all)}) / ${rate(all)}` },
    { name: 'request-rate', query: rate(all) },
  ];
}

/** What Flagger's own metrics say of a Canary: Prometheus keeps the namespace that they speak of as `exported_namespace`. */
export function flaggerQueries({ namespace, app }: Pick<RolloutSpec, 'namespace' | 'app'>): NamedQuery[] {
  const about = `exported_namespace="${namespace}"`;
  const { status, weight, successes, failures } = FLAGGER_SERIES;
  return [
    { name: status, query: `flagger_canary_status{${about}, name="${app}"}` },
    { name: weight, query: `flagger_canary_weight{${about}, workload=~"${app}|${app}-primary"}` },
    { name: successes, query: `sum(flagger_canary_successes_total{${about}, name="${app}"})` },
    { name: failures, query: `sum(flagger_canary_failures_total{${about}, name="${app}"})` },
  ];
}

/**
 * The query of each check of a Canary as Flagger renders it, read from the cluster: what the controller looked at,
 * not what it should have looked at.
 */
export async function checkQueries(
  kube: KubeClient,
  { namespace, app }: { readonly namespace: string; readonly app: string },
): Promise<NamedQuery[]> {
  const flagger = { api_version: 'flagger.app/v1beta1', namespace } as const;
  const canary = await kube.get({ ...flagger, kind: 'Canary', name: app });
  const interval = textAt(canary, 'spec', 'analysis', 'interval') ?? '60s';
  const target = textAt(canary, 'spec', 'targetRef', 'name') ?? app;
  const metrics = listAt(canary, 'spec', 'analysis', 'metrics').map(async (metric) => {
    const template = textAt(metric, 'templateRef', 'name');
    if (template === undefined) return [];
    const found = await kube.get({ ...flagger, kind: 'MetricTemplate', name: template });
    const query = textAt(found, 'spec', 'query');
    if (query === undefined) return [];
    const values: Readonly<Record<string, string>> = {
      namespace,
      target,
      name: app,
      interval: textAt(metric, 'interval') ?? interval,
    };
    const rendered = query.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => values[name] ?? whole);
    return [{ name: textAt(metric, 'name') ?? template, query: rendered.trim() }];
  });
  return (await Promise.all(metrics)).flat();
}

/** The queries that the analyses of a Rollout asked, as Argo Rollouts keeps them with their results. */
export async function analysisQueries(
  kube: KubeClient,
  { namespace }: { readonly namespace: string },
): Promise<NamedQuery[]> {
  const runs = await kube.list({ ...ANALYSIS_RUN, namespace });
  const asked = new Map<string, NamedQuery>();
  for (const metric of runs.flatMap((run) => listAt(run, 'status', 'metricResults'))) {
    const query = textAt(metric, 'metadata', 'ResolvedPrometheusQuery')?.trim();
    const name = textAt(metric, 'name');
    if (query !== undefined && name !== undefined) asked.set(`${name} ${query}`, { name, query });
  }
  return [...asked.values()];
}

/**
 * Records what Prometheus knows of a range of time. A query that fails is noted: missing series must be visible.
 * Never throws.
 */
export async function recordSeries(
  port: number,
  queries: readonly NamedQuery[],
  range: Range,
  recorder: Recorder,
): Promise<void> {
  await Promise.all(
    queries.map(async ({ name, query }) => {
      try {
        for (const { labels, samples } of await queryRange(port, query, range)) {
          recorder.record({
            source: 'prometheus',
            kind: 'series',
            subject: name,
            data: { query, labels, samples },
          });
        }
      } catch (error) {
        const text = `Prometheus gave no series ${name}: ${String(error)}`;
        recorder.record({ source: 'harness', kind: 'note', subject: 'prometheus', data: { text } });
      }
    }),
  );
}
