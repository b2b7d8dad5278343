/** Leads requests of a shop behind Traefik to somebody who answers in its place, and back again. */
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { listAt, textAt } from '#harness/core/kubernetes.ts';
import { CONFIG_MAP, DEPLOYMENT, POD, SERVICE } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { askShop, type ShopAnswer } from '#harness/stack/ask-shop.ts';
import { SHOP } from '#harness/stack/shop.ts';
import type { FaultContext } from './fault.ts';
import { INGRESS_ROUTE, type Responder, responderObjects, routeElsewhere } from './responder-objects.ts';

const READY_S = 25;
/** The gateway takes what it is told within a tenth of a second; it is asked until it has. */
const FORGOTTEN_MS = 3_000;
const PAUSE_MS = 100;

const KINDS = [INGRESS_ROUTE, DEPLOYMENT, SERVICE, CONFIG_MAP];

/** What of a fault's state says where the shop is. */
export const WAY = { namespace: v.string(), host: v.string(), image: v.string() } as const;

export interface Way {
  readonly namespace: string;
  /** That the gateway serves the shop by. */
  readonly host: string;
  /** The shop's own. */
  readonly image: string;
}

/** The host that Traefik serves the namespace's shop by, and the shop's own image. */
export async function wayOf({ kube }: FaultContext, namespace: string): Promise<Way> {
  const route = await kube.get({ ...INGRESS_ROUTE, namespace, name: SHOP });
  const rule = textAt(listAt(route, 'spec', 'routes')[0], 'match') ?? '';
  const host = /Host\(`(?<host>[^`]+)`\)/.exec(rule)?.groups?.['host'];
  const pods = await kube.list({ ...POD, namespace, labels: `mettle.dev/part-of=${SHOP}` });
  const image = textAt(listAt(pods[0], 'spec', 'containers')[0], 'image');
  if (host !== undefined && image !== undefined) return { namespace, host, image };
  throw new UsageError(`Traefik serves no shop of ${namespace}`, {
    next: 'It works where the shop has a route of Traefik, which is the default.',
  });
}

/** A write is an order that says nothing: the shop refuses it with 400, so that asking leaves nothing behind. */
export async function ask({ cluster }: FaultContext, { host }: Way, method: string): Promise<ShopAnswer> {
  const asked = method === 'GET' ? { path: '/' } : { path: '/orders', body: '{}' };
  return await askShop({ port: cluster.ports.gateway, host }, { method, ...asked });
}

/** Whether it was the responder that answered. */
export function answers({ release }: Responder, { headers }: ShopAnswer): boolean {
  return headers['x-release'] === release;
}

/** @param way with the methods that are led there; all when it names none */
export async function leadThere(
  { kube }: FaultContext,
  responder: Responder,
  way: Way & { readonly methods?: readonly string[] },
): Promise<void> {
  const { namespace } = way;
  const position = { file: 'harness/faults/gateway-responder.ts', line: 1, column: 1 };
  await kube.apply(responderObjects(responder, way).map((object) => ({ object, position })));
  await kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: responder.name }), { deadline_s: READY_S });
  const object = routeElsewhere(responder, { methods: [], ...way });
  await kube.apply([{ object, position }]);
}

export async function leadBack(ctx: FaultContext, responder: Responder, way: Way): Promise<void> {
  const { kube } = ctx;
  const { namespace } = way;
  const [route, ...others] = KINDS.map((kind) => ({ ...kind, namespace, name: responder.name }));
  if (route) await kube.beginRemoval(route);
  // Whoever answers goes only when nobody is led there any more.
  const until = performance.now() + FORGOTTEN_MS;
  while (performance.now() < until && answers(responder, await ask(ctx, way, 'DELETE')))
    await delay(PAUSE_MS);
  for (const one of others) await kube.beginRemoval(one);
}

/** Kinds of what is left of the responder. */
export async function objectsLeft(
  { kube }: FaultContext,
  { name }: Responder,
  { namespace }: Way,
): Promise<readonly string[]> {
  const left = await Promise.all(KINDS.map((kind) => kube.get({ ...kind, namespace, name })));
  return left.flatMap((object) => object?.kind ?? []);
}
