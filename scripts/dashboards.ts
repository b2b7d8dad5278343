/**
 * Writes the Grafana dashboards under fixtures/dashboards, for teams that run Grafana: canary and primary side by side,
 * the weights, the controller's decisions, and what broke. Everything comes from Prometheus, so nothing of Mettle needs to run.
 *
 *   node scripts/dashboards.ts           writes the files
 *   node scripts/dashboards.ts --check   exit code 1 when a file differs from what would be written
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  type Dashboard,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import * as units from '@grafana/grafana-foundation-sdk/units';

const FOLDER = join(import.meta.dirname, '../fixtures/dashboards');
const SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;
/** Grafana's width in columns. */
const WIDTH = 24;
const HEIGHT = 7;
/** Grafana fills in a window that spans some scrapes. */
const WINDOW = '$__rate_interval';

/** One of the two releases that serve during a rollout. */
interface Side {
  readonly title: string;
  /** Labels that choose its pods in the application's own metrics. */
  readonly pods: string;
  /** Pods that are wanted and ready, as legend and expression. */
  readonly counts: Readonly<Record<string, string>>;
}

/** What differs from one rollout controller to the other. */
interface Subject {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Lists the namespaces, and the applications of one, that the controller rolls out. */
  readonly namespaces: string;
  readonly apps: string;
  readonly sides: readonly [canary: Side, stable: Side];
  /** The declared weight of the canary, in percent. */
  readonly weight: string;
  /** What the controller's checks found, if it says. */
  readonly checks: { readonly legend: string; readonly expr: string };
  /** 1 for the phase that the rollout is in, by `{{phase}}`. */
  readonly phase: string;
}

type Expressions = Readonly<Record<string, string>>;

const REQUESTS = 'http_requests_total';
const DURATIONS = 'http_request_duration_seconds_bucket';

const rateOf = (labels: string): string => `sum(rate(${REQUESTS}{${labels}}[${WINDOW}]))`;

/** No errors is 0 %; no traffic is no value: a ratio that is 0 without traffic would hide that nobody is there. */
function errorRatio(labels: string): string {
  const all = rateOf(labels);
  return `(${rateOf(`${labels}, code=~"5.."`)} or 0 * ${all}) / ${all}`;
}

function quantile(share: number, labels: string): string {
  return `histogram_quantile(${share}, sum by (le) (rate(${DURATIONS}{${labels}}[${WINDOW}])))`;
}

function queries(expressions: Expressions): DataqueryBuilder[] {
  return Object.entries(expressions).map(([legend, expr], index) =>
    new DataqueryBuilder()
      .refId(String.fromCodePoint(65 + index))
      .expr(expr)
      .legendFormat(legend)
      .range(),
  );
}

function graph(
  title: string,
  description: string,
  unit: string,
  expressions: Expressions,
  width: number = WIDTH / 2,
): TimeSeriesBuilder {
  return new TimeSeriesBuilder()
    .title(title)
    .description(description)
    .datasource(SOURCE)
    .targets(queries(expressions))
    .unit(unit)
    .min(0)
    .fillOpacity(10)
    .legend(
      new VizLegendOptionsBuilder().showLegend(Object.keys(expressions).length > 1 || unit === units.Short),
    )
    .height(HEIGHT)
    .span(width);
}

/** The same panel for both sides, one beside the other. */
function pair(
  { sides }: Subject,
  make: (side: Side) => { title: string; description: string; unit: string; expressions: Expressions },
): TimeSeriesBuilder[] {
  return sides.map((side) => {
    const { title, description, unit, expressions } = make(side);
    return graph(`${side.title}: ${title}`, description, unit, expressions);
  });
}

function sideBySide(subject: Subject): TimeSeriesBuilder[] {
  return [
    ...pair(subject, ({ pods }) => ({
      title: 'requests',
      description: 'Requests a second that its pods answered.',
      unit: units.RequestsPerSecond,
      expressions: { answered: rateOf(pods) },
    })),
    ...pair(subject, ({ pods }) => ({
      title: 'errors',
      description: 'Share of its answers that were server errors. No value without traffic.',
      unit: units.PercentUnit,
      expressions: { errors: errorRatio(pods) },
    })),
    ...pair(subject, ({ pods }) => ({
      title: 'latency',
      description: 'Time to answer: half of the requests, and 99 of 100, were faster.',
      unit: units.Seconds,
      expressions: { p50: quantile(0.5, pods), p99: quantile(0.99, pods) },
    })),
    ...pair(subject, ({ pods, counts }) => ({
      title: 'pods',
      description: 'Pods that are wanted, that are ready, and that Prometheus reaches.',
      unit: units.Short,
      expressions: { ...counts, scraped: `sum(up{${pods}})` },
    })),
  ];
}

function decisions(subject: Subject): (TimeSeriesBuilder | StateTimelineBuilder)[] {
  const [canary, stable] = subject.sides;
  const share = `100 * ${rateOf(canary.pods)} / (${rateOf(canary.pods)} + ${rateOf(stable.pods)})`;
  return [
    graph(
      'Weight: declared and measured',
      'The share of traffic that the controller declared for the canary, and the share of answers that its pods gave.',
      units.Percent,
      { declared: subject.weight, measured: share },
      WIDTH,
    ),
    graph('Checks', 'What the controller measured, by check: the values that it decides on.', units.Short, {
      [subject.checks.legend]: subject.checks.expr,
    }),
    new StateTimelineBuilder()
      .title('Phase')
      .description('The phase that the rollout is in.')
      .datasource(SOURCE)
      .targets(queries({ '{{phase}}': subject.phase }))
      .height(HEIGHT)
      .span(WIDTH / 2),
  ];
}

function mark(name: string, colour: string, title: string, expr: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(SOURCE)
    .enable(true)
    .iconColor(colour)
    .expr(expr)
    .step('5s')
    .titleFormat(title);
}

/** Marks on every panel. Grafana marks the moments at which a value is 1. */
function annotations(subject: Subject): AnnotationQueryBuilder[] {
  const here = 'namespace="$namespace"';
  return [
    mark('Decisions: weight', 'blue', 'Weight changed', `changes(${subject.weight}[${WINDOW}:]) > bool 0`),
    mark('Decisions: phase', 'purple', 'Phase: {{phase}}', subject.phase),
    mark('Alerts', 'red', '{{alertname}} is {{alertstate}}', `ALERTS{${here}}`),
    mark(
      'Faults: restarts',
      'orange',
      'Container of {{pod}} restarted',
      `changes(kube_pod_container_status_restarts_total{${here}}[${WINDOW}]) > bool 0`,
    ),
    mark('Faults: not reached', 'orange', '{{pod}} is not reached', `1 - max by (pod) (up{${here}})`),
  ];
}

function dashboard(subject: Subject): Dashboard {
  const builder = new DashboardBuilder(subject.title)
    .uid(subject.uid)
    .description(subject.description)
    .tags(['mettle', 'rollout'])
    .readonly()
    .time({ from: 'now-30m', to: 'now' })
    .refresh('5s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(variable('namespace', 'Namespace', subject.namespaces))
    .withVariable(variable('app', 'Application', subject.apps));
  for (const one of annotations(subject)) builder.annotation(one);
  // Links to a panel go by its number, so that none may be left to chance.
  let id = 0;
  const next = (): number => (id += 1);
  builder.withRow(new RowBuilder('Canary and stable release, side by side').id(next()));
  for (const panel of sideBySide(subject)) builder.withPanel(panel.id(next()));
  builder.withRow(new RowBuilder('Decisions').id(next()));
  for (const panel of decisions(subject)) builder.withPanel(panel.id(next()));
  return builder.build();
}

function variable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(SOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

/** Prometheus names a metric's own namespace `exported_namespace` where the scraped pod's wins, as it does by default. */
const OWN = 'exported_namespace="$namespace"';

function deployment(name: string): Expressions {
  const labels = `namespace="$namespace", deployment="${name}"`;
  return {
    wanted: `kube_deployment_spec_replicas{${labels}}`,
    ready: `kube_deployment_status_replicas_ready{${labels}}`,
  };
}

const FLAGGER: Subject = {
  uid: 'mettle-flagger',
  title: 'Rollout by Flagger',
  description:
    "A Canary of Flagger's: canary and primary side by side. Needs Flagger's metrics, kube-state-metrics, and the application's http_requests_total and http_request_duration_seconds with the labels namespace and app.",
  namespaces: 'label_values(flagger_canary_status, exported_namespace)',
  apps: 'label_values(flagger_canary_status{exported_namespace="$namespace"}, name)',
  sides: [
    { title: 'Canary', pods: 'namespace="$namespace", app="$app"', counts: deployment('$app') },
    {
      title: 'Primary',
      pods: 'namespace="$namespace", app="${app}-primary"',
      counts: deployment('${app}-primary'),
    },
  ],
  weight: `flagger_canary_weight{${OWN}, workload="$app"}`,
  checks: { legend: '{{metric}}', expr: `flagger_canary_metric_analysis{${OWN}, name="$app"}` },
  phase: 'kube_canary_status_phase{namespace="$namespace", name="$app"}',
};

const ARGO: Subject = {
  uid: 'mettle-argo-rollouts',
  title: 'Rollout by Argo Rollouts',
  description:
    "A Rollout of Argo Rollouts': canary and stable side by side. Needs its controller's metrics, kube-state-metrics with weight and phase of Rollouts, and the application's http_requests_total and http_request_duration_seconds with the labels namespace, app and role (canary or stable, by ephemeral metadata).",
  namespaces: 'label_values(rollout_info, exported_namespace)',
  apps: 'label_values(rollout_info{exported_namespace="$namespace"}, name)',
  sides: [
    {
      title: 'Canary',
      pods: 'namespace="$namespace", app="$app", role="canary"',
      counts: { updated: `rollout_info_replicas_updated{${OWN}, name="$app"}` },
    },
    {
      title: 'Stable',
      pods: 'namespace="$namespace", app="$app", role="stable"',
      counts: { wanted: `rollout_info_replicas_desired{${OWN}, name="$app"}` },
    },
  ],
  weight: 'kube_rollout_status_weight{namespace="$namespace", name="$app"}',
  checks: {
    legend: '{{metric}}: {{phase}}',
    expr: `max by (metric, phase) (analysis_run_metric_phase{${OWN}})`,
  },
  phase: 'kube_rollout_status_phase{namespace="$namespace", name="$app"}',
};

/** Every dashboard by file name, as the text of its file. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  const files = { 'flagger.json': FLAGGER, 'argo-rollouts.json': ARGO };
  return new Map(
    Object.entries(files).map(([name, subject]) => [
      name,
      `${JSON.stringify(dashboard(subject), null, 2)}\n`,
    ]),
  );
}

async function main(check: boolean): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const [name, text] of dashboardFiles()) {
    const file = join(FOLDER, name);
    if (!check) {
      await writeFile(file, text);
      continue;
    }
    const present = await readFile(file, 'utf8').catch(() => undefined);
    if (present === text) continue;
    process.stderr.write(`fixtures/dashboards/${name} is not what scripts/dashboards.ts makes\n`);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main(process.argv.includes('--check'));
