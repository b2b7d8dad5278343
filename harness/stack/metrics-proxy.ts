import type { KubeClient, ServicePort } from '#harness/kube/client.ts';
import { component } from './component.ts';

/**
 * A proxy before Prometheus that lies about one namespace when told to: a check that asks it by `metrics_address` can be
 * deceived while scenarios beside it see the truth. It is told through the API server.
 */
export const metricsProxy = component({
  name: 'metrics-proxy',
  namespace: 'monitoring',
  needs: ['prometheus'],
});

/** Where checks ask it: for `metrics_address` of the shop's options. */
export const METRICS_PROXY_ADDRESS = 'http://metrics-proxy.monitoring:9090';

/** The proxy as controllers see it, asked through the API server. */
export const METRICS_PROXY_PORT: ServicePort = {
  namespace: 'monitoring',
  service: 'metrics-proxy',
  port: 9090,
};

/** Where the proxy is told what to answer, asked through the API server. */
export const CONTROL_PORT: ServicePort = { ...METRICS_PROXY_PORT, port: 8080 };

/** What queries of one namespace meet; what is left out is as Prometheus has it. */
export interface MetricsBehaviour {
  /** Queries that name it in a selector, `namespace="shop"`, are meant. */
  readonly namespace: string;
  /** Only queries that contain this text. */
  readonly containing?: string;
  /** The answer's values, one series each: `['NaN']`, `['+Inf']`, `[]` for an empty answer, `[0, 50]` for two series. */
  readonly values?: readonly (number | 'NaN' | '+Inf' | '-Inf')[];
  /** Repeats, for each query, the first answer since this was told. */
  readonly frozen?: boolean;
  /** Status of the answer; from 400 on it is an error of Prometheus' API. */
  readonly status?: number;
  /** Time before the query is passed on, or answered otherwise, in ms. */
  readonly delay_ms?: number;
  /** Ends the connection without an answer. */
  readonly cut?: boolean;
  /** Only so many queries; afterwards it is as if it had not been told. */
  readonly times?: number;
}

type Proxied = Pick<KubeClient, 'proxyGet' | 'proxySend'>;

/**
 * Tells the proxy how to answer; what was told for the same namespace and text before is replaced.
 * @throws ApiError when it refuses or cannot be reached
 */
export async function setMetrics(kube: Proxied, behaviour: MetricsBehaviour): Promise<void> {
  await kube.proxySend(CONTROL_PORT, { method: 'PUT', path: '/behaviour', body: behaviour });
}

/**
 * Takes back all that was told for a namespace.
 * @throws ApiError when the proxy cannot be reached
 */
export async function resetMetrics(kube: Proxied, namespace: string): Promise<void> {
  await kube.proxySend(CONTROL_PORT, { method: 'DELETE', path: '/behaviour', query: { namespace } });
}
