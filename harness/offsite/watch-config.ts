/** The configuration of the watch, as a platform team would write it for one cluster. */
import { stringify } from 'yaml';

/** The alert that says that nobody is served through the gateway of the cluster. */
export const CLUSTER_GONE = 'ClusterGone';

/**
 * How soon the watch notices, in seconds: how often it asks and judges, for how long nobody must be served before it says so, and
 * how long Alertmanager collects before the first message of a group and between two.
 */
export const WATCH_TIMES = {
  scrape_interval_s: 1,
  evaluation_interval_s: 1,
  for_s: 5,
  group_wait_s: 1,
  group_interval_s: 5,
} as const;

/** Channel of the chat that the messages go to, so that nobody takes them for those of the chat in the cluster. */
const CHANNEL = 'off-site';

const JOB = 'cluster';

/** What answers for a cluster: an application of it, asked for in the way that its users come. */
export interface WatchedApp {
  /** Gateway of the cluster, as `host:port`. */
  readonly gateway: string;
  /** Name that the gateway routes by; what is behind it answers for Prometheus on `/metrics`. */
  readonly host: string;
  readonly cluster: string;
  readonly namespace: string;
}

/**
 * Prometheus may not be told a Host header of its own (`reservedHeaders` in prometheus/common, config/headers.go). The gateway is
 * therefore its proxy: it is sent a request with the name that it routes by. Of the answer nothing is kept but that it came.
 */
function scrape({ gateway, host, cluster, namespace }: WatchedApp): object {
  return {
    job_name: JOB,
    proxy_url: `http://${gateway}`,
    static_configs: [{ targets: [host], labels: { cluster, namespace } }],
    metric_relabel_configs: [{ action: 'drop', source_labels: ['__name__'], regex: '.*' }],
  };
}

/** @param app absent as long as there is nothing to watch */
export function prometheusConfig(alertmanager: string, app?: WatchedApp): string {
  const { scrape_interval_s, evaluation_interval_s } = WATCH_TIMES;
  return stringify({
    global: {
      scrape_interval: `${scrape_interval_s}s`,
      scrape_timeout: `${scrape_interval_s}s`,
      evaluation_interval: `${evaluation_interval_s}s`,
    },
    rule_files: ['/etc/prometheus/rules.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: app ? [scrape(app)] : [],
  });
}

export function watchRules(): string {
  const alert = {
    alert: CLUSTER_GONE,
    expr: `up{job="${JOB}"} == 0`,
    for: `${WATCH_TIMES.for_s}s`,
    labels: { severity: 'critical' },
    annotations: {
      summary: 'nobody is served through the gateway of {{ $labels.cluster }} ({{ $labels.instance }})',
    },
  };
  return stringify({ groups: [{ name: JOB, rules: [alert] }] });
}

/** @param chat as `host:port` */
export function alertmanagerConfig(chat: string): string {
  return stringify({
    route: {
      receiver: 'chat',
      group_by: ['alertname', 'cluster'],
      group_wait: `${WATCH_TIMES.group_wait_s}s`,
      group_interval: `${WATCH_TIMES.group_interval_s}s`,
      repeat_interval: '4h',
    },
    receivers: [
      {
        name: 'chat',
        webhook_configs: [{ url: `http://${chat}/alertmanager/${CHANNEL}`, send_resolved: true }],
      },
    ],
  });
}

/** Asks whether the application was answered for at the last look: 1 or 0. */
export function reachedQuery({ host, cluster }: WatchedApp): string {
  return `up{job="${JOB}", instance="${host}", cluster="${cluster}"}`;
}
