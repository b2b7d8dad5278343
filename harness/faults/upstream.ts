import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { DeadlineError, messageOf, UsageError } from '#harness/core/errors.ts';
import { at, type KubeObject, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { ApiError } from '#harness/kube/api.ts';
import type { PodPort } from '#harness/kube/client.ts';
import { SERVICE } from '#harness/kube/recording.ts';
import { TOXIPROXY } from '#harness/stack/toxiproxy.ts';
import type { FaultContext } from './fault.ts';
import type { ClientResult } from './psql.ts';

/** Ports of the proxy that nothing else of it listens on. */
const PORTS = { low: 20_000, count: 10_000 } as const;
/** Gateways hear of changed endpoints within a second; what they lead to the proxy until then is still handed on. */
const FOLLOW_MS = 1000;
/** An answer that takes longer is none. */
const ANSWER_MS = 2000;
/** Names are known within a second or two; the proxy is asked, because nothing tells. */
const READY_S = 15;
const PAUSE_MS = 200;
const TRIPS = 5;
const PATH = '/items/1';

/** A Service whose pods are reached through the namespace's proxy while a fault is on. */
export const Redirect = v.object({
  namespace: v.string(),
  service: v.string(),
  /** Port of the Service, that of its pods, and the one of the proxy that takes its place. */
  port: v.number(),
  target_port: v.number(),
  listen: v.number(),
  selector: v.record(v.string(), v.string()),
  ports: v.array(v.record(v.string(), v.unknown())),
});

type Redirect = v.InferOutput<typeof Redirect>;

/** As an option of a fault of the network. */
export const UPSTREAM = {
  upstream: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      v.description('a Service of the run that is meant; the database of its shop when absent'),
    ),
  ),
} as const;

/** What is meant, in words. */
export function dependencyOf({ upstream }: { readonly upstream?: string | undefined }): string {
  return upstream === undefined ? "the shop's database" : `Service ${upstream}`;
}

/** Name of the proxy in front of a Service. */
export function proxyNameOf({ service }: Redirect): string {
  return `upstream-${service}`;
}

function behind({ service }: Redirect): string {
  return `${service}-behind-proxy`;
}

/**
 * Plans to put the proxy in front of a Service.
 * @throws UsageError for one that is not there, that chooses no pods, or that a controller would put right again
 */
export async function planRedirect(
  { kube }: FaultContext,
  namespace: string,
  service: string,
): Promise<Redirect> {
  const found = await kube.get({ ...SERVICE, namespace, name: service });
  const selector = at(found, 'spec', 'selector');
  const ports = listAt(found, 'spec', 'ports');
  const port = numberAt(ports[0], 'port');
  if (found === undefined || selector === undefined || port === undefined) {
    throw new UsageError(`there is no Service ${service} in ${namespace} that chooses pods`);
  }
  const owner = listAt(found, 'metadata', 'ownerReferences')[0];
  if (owner !== undefined) {
    throw new UsageError(
      `Service ${service} belongs to ${textAt(owner, 'kind')} ${textAt(owner, 'name')}, which would put it right again`,
      { next: 'Name a Service that is nobody’s, or use a fault of the gateway.' },
    );
  }
  const target_port = numberAt(ports[0], 'targetPort');
  if (target_port === undefined) {
    throw new UsageError(`Service ${service} names the port of its pods instead of counting it`);
  }
  const listen = PORTS.low + Math.floor(Math.random() * PORTS.count);
  return v.parse(Redirect, { namespace, service, port, target_port, listen, selector, ports });
}

async function isRedirected({ kube }: FaultContext, { namespace, service }: Redirect): Promise<boolean> {
  const found = await kube.get({ ...SERVICE, namespace, name: service });
  return textAt(found, 'spec', 'selector', 'app') === TOXIPROXY;
}

/**
 * The same pods under another name, for the proxy to reach them by: their own addresses, because one of a Service leads
 * out of the cluster until the nodes know it, and a whole name, because one that is not found yet would be asked for there.
 * @throws DeadlineError when the proxy does not reach them
 */
export async function beginRedirect(ctx: FaultContext, proxy: PodPort, redirect: Redirect): Promise<void> {
  const { kube } = ctx;
  const { namespace, selector, ports, target_port, listen } = redirect;
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: behind(redirect), namespace },
    spec: { clusterIP: 'None', selector, ports: ports.map(({ nodePort: _node, ...rest }) => rest) },
  };
  await kube.apply([{ object, position: { file: 'harness/faults/upstream.ts', line: 1, column: 1 } }]);
  await kube.proxySend(proxy, {
    method: 'POST',
    path: '/proxies',
    body: {
      name: proxyNameOf(redirect),
      listen: `0.0.0.0:${listen}`,
      upstream: `${behind(redirect)}.${namespace}.svc.cluster.local.:${target_port}`,
      enabled: true,
    },
  });
  const deadline = performance.now() + READY_S * 1000;
  for (;;) {
    const complaint = await complaintOf(kube.proxyGet({ ...proxy, port: listen }, PATH));
    if (complaint === '') return;
    if (performance.now() > deadline) {
      throw new DeadlineError(`the proxy to reach the pods of ${redirect.service}`, READY_S, complaint);
    }
    await delay(PAUSE_MS);
  }
}

/** Why there was no answer; empty when there was one. */
async function complaintOf(answer: Promise<string>): Promise<string> {
  const over = new AbortController();
  const late = delay(ANSWER_MS, 'timeout expired', { signal: over.signal });
  late.catch(() => undefined);
  const told = answer.then(() => '', messageOf);
  const complaint = await Promise.race([told, late]);
  over.abort();
  return complaint;
}

/** Leads whoever asks the Service to the proxy. */
export async function lead({ kube }: FaultContext, redirect: Redirect): Promise<void> {
  const { namespace, service, selector, ports, listen } = redirect;
  const none = Object.fromEntries(Object.keys(selector).map((key) => [key, null]));
  const [first, ...others] = ports;
  await kube.patch(
    { ...SERVICE, namespace, name: service },
    {
      spec: {
        selector: { ...none, app: TOXIPROXY },
        ports: [{ ...first, targetPort: listen }, ...others],
      },
    },
  );
}

/** Leads them back, then removes the proxy; done again it does no harm. */
export async function endRedirect(
  ctx: FaultContext,
  proxy: PodPort | undefined,
  redirect: Redirect,
): Promise<void> {
  const { kube } = ctx;
  const { namespace, service, selector, ports } = redirect;
  if (await isRedirected(ctx, redirect)) {
    const back = { app: null, ...selector };
    await kube.patch({ ...SERVICE, namespace, name: service }, { spec: { selector: back, ports } });
    await delay(FOLLOW_MS);
  }
  if (proxy !== undefined) {
    await kube
      .proxySend(proxy, { method: 'DELETE', path: `/proxies/${proxyNameOf(redirect)}` })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      });
  }
  await kube.beginRemoval({ ...SERVICE, namespace, name: behind(redirect) });
}

/** What a client met that asked the Service by way of the API server, which goes to its endpoints as a gateway does. */
export async function askService(
  { kube }: FaultContext,
  { namespace, service, port }: Redirect,
  trips = TRIPS,
): Promise<ClientResult> {
  const took_ms: number[] = [];
  for (let trip = 0; trip < trips; trip += 1) {
    const from = performance.now();
    const complaint = await complaintOf(kube.proxyGet({ namespace, service, port }, PATH));
    if (complaint !== '') return { exit_code: 1, stdout: '', stderr: complaint, took_ms };
    took_ms.push(performance.now() - from);
  }
  return { exit_code: 0, stdout: '', stderr: '', took_ms };
}
