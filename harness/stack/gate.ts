import type { KubeClient, ServicePort } from '#harness/kube/client.ts';
import { component } from './component.ts';

/**
 * The gate answers webhooks of the controllers, and Argo Rollouts' `web` metrics, as it is told, and keeps every call.
 * It is told through the API server, so that none of its ports need be published.
 */
export const gate = component({ name: 'gate', namespace: 'gate' });

/** Where controllers call the gate; the path is the hook's. */
export const GATE_ADDRESS = 'http://gate.gate:8080';

/** The gate's port, asked through the API server. */
export const GATE_PORT: ServicePort = { namespace: 'gate', service: 'gate', port: 8080 };

/** How the gate treats the calls of one namespace; what is left out is as it was at the start: open, at once. */
export interface GateBehaviour {
  /** Namespace of the Canary or Rollout that is called for. */
  readonly namespace: string;
  /** Beginning of the path; every path when absent. The longest that fits is the one that counts. */
  readonly path?: string;
  /** Status of the answer: 200 is an open gate, 403 a closed one. */
  readonly status?: number;
  /** Time before the answer, in ms. */
  readonly delay_ms?: number;
  /** Answers with what was asked: path, query and body. */
  readonly echo?: boolean;
  /** The answer's JSON: what a `web` metric of Argo Rollouts reads. */
  readonly answer?: unknown;
  /** Only so many calls; afterwards it is as if it had not been told. */
  readonly times?: number;
}

export const GATE_OPEN = { status: 200 } as const;
export const GATE_CLOSED = { status: 403 } as const;

/**
 * Address of a hook. Flagger says itself whom it calls for; `of` says it for who does not, as Argo Rollouts' `web`
 * metrics.
 */
export function gateUrl(path: string, of?: { readonly namespace: string; readonly name?: string }): string {
  return `${GATE_ADDRESS}${path}${of ? `?${new URLSearchParams(of).toString()}` : ''}`;
}

type Proxied = Pick<KubeClient, 'proxyGet' | 'proxySend'>;

/**
 * Tells the gate how to treat calls; what was told for the same namespace and path before is replaced.
 * @throws ApiError when the gate refuses or cannot be reached
 */
export async function setGate(kube: Proxied, behaviour: GateBehaviour): Promise<void> {
  await kube.proxySend(GATE_PORT, { method: 'PUT', path: '/-/behaviour', body: behaviour });
}

/**
 * Takes back what was told for a namespace: for one path, or for all of them.
 * @throws ApiError when the gate cannot be reached
 */
export async function resetGate(kube: Proxied, namespace: string, path?: string): Promise<void> {
  const query = { namespace, ...(path === undefined ? {} : { path }) };
  await kube.proxySend(GATE_PORT, { method: 'DELETE', path: '/-/behaviour', query });
}
