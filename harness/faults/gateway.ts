import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { DeadlineError, UsageError } from '#harness/core/errors.ts';
import { type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { CONTOUR_GATEWAY } from '#harness/gateway/contour.ts';
import { CONFIG_MAP, DEPLOYMENT, POD, SERVICE } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { SHOP, shopHost } from '#harness/stack/shop.ts';
import type { FaultContext, Probe, Trial } from './fault.ts';
import { detour, faultyEnvoy, HTTP_ROUTE, MARK_HEADER, NAME } from './gateway-objects.ts';

/** What Envoy's filter says in an answer of its own. */
const ABORTED = 'fault filter abort';
const READY_S = 25;
const PAUSE_MS = 100;
const ANSWER_MS = 10_000;

/** Where a fault of the gateway acts. */
export const GatewayState = v.object({ namespace: v.string(), host: v.string(), image: v.string() });

type State = v.InferOutput<typeof GatewayState>;

/** Share of the requests, as an option. */
export const SHARE = v.optional(
  v.pipe(
    v.number(),
    v.gtValue(0),
    v.maxValue(100),
    v.description('share of the requests, in percent; 100 when absent'),
  ),
  100,
);

/** A share as Envoy has it, to a ten-thousandth of a percent. */
export function percentage(share_pct: number): object {
  return { numerator: Math.round(share_pct * 10_000), denominator: 'MILLION' };
}

/**
 * Finds the host that the gateway serves the namespace's shop by, and the image of the gateway's own Envoy.
 * @throws UsageError when it is not served by Contour
 */
export async function chooseGateway({ kube }: FaultContext, namespace: string): Promise<State> {
  const routes = await kube.list({ ...HTTP_ROUTE, namespace }).catch(() => []);
  const host = routes
    .filter(({ metadata }) => metadata.name !== NAME)
    .flatMap((route) => listAt(route, 'spec', 'hostnames'))
    .find((name) => typeof name === 'string');
  const envoys = await kube.list({ ...POD, namespace: CONTOUR_GATEWAY.namespace, labels: 'app=envoy' });
  const image = textAt(listAt(envoys[0], 'spec', 'containers')[0], 'image');
  if (host === undefined || image === undefined) {
    throw new UsageError(`Contour serves nothing of ${namespace}: no HTTPRoute of it has a host`, {
      next: 'Faults of the gateway work where the shop has `gateway: contour`.',
    });
  }
  return { namespace, host, image };
}

/** How far a share that was measured may be from the one asked for, in standard deviations: 1 in 16,000 is farther. */
const DEVIATIONS = 4;

/** What all faults of the gateway have in common. */
export const GATEWAY_FAULT = {
  radius: { reach: 'own', pods_max: 0 },
  trial_needs: { components: ['contour'] },
  proof_s: 60,
  heal: (ctx: FaultContext, { way }: { readonly way: State }): Promise<void> => endGatewayFault(ctx, way),
} as const;

/** Whether so many of some clients are the share that was asked for, by chance alone. */
export function isShare(count: number, clients: number, share_pct: number): boolean {
  const wanted = share_pct / 100;
  return Math.abs(count / clients - wanted) <= DEVIATIONS * Math.sqrt((wanted * (1 - wanted)) / clients);
}

/** Proves that nothing of the fault is left, and that clients are answered as without it. */
export async function probeGatewayOff(
  ctx: FaultContext,
  way: State,
  { clients, fine, words }: { clients: number; fine: (answer: Answer) => boolean; words: string },
): Promise<Probe> {
  const left = await leftOfGatewayFault(ctx, way);
  if (left.length > 0) return { holds: false, seen: `there are ${left.join(', ')}` };
  const answers = await askMany(ctx, way.host, clients);
  const good = answers.filter((one) => !one.by_fault && one.status === 200 && fine(one)).length;
  return { holds: good === answers.length, seen: `${good} of ${answers.length} answers ${words}` };
}

interface Answer {
  readonly status: number;
  readonly duration_ms: number;
  /** It came through the fault, or was made by it. */
  readonly by_fault: boolean;
  readonly aborted: boolean;
}

/** Asks the gateway as a client outside the cluster does; never throws. */
async function ask({ cluster }: FaultContext, host: string): Promise<Answer> {
  const from = performance.now();
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const lost = (): void =>
    resolve({ status: 0, duration_ms: performance.now() - from, by_fault: false, aborted: false });
  const asked = request(
    {
      host: '127.0.0.1',
      port: cluster.ports.contour,
      path: '/items/1',
      headers: { host, 'user-agent': 'mettle-probe' },
      signal: AbortSignal.timeout(ANSWER_MS),
    },
    (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', lost);
      response.on('end', () => {
        const aborted = body.includes(ABORTED);
        resolve({
          status: response.statusCode ?? 0,
          duration_ms: performance.now() - from,
          by_fault: aborted || response.headers[MARK_HEADER] !== undefined,
          aborted,
        });
      });
    },
  );
  asked.on('error', lost);
  asked.end();
  return await promise;
}

/** Answers to some clients, four at a time. */
export async function askMany(ctx: FaultContext, host: string, clients: number): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const worker = async (): Promise<void> => {
    while (clients > 0) {
      clients -= 1;
      answers.push(await ask(ctx, host));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return answers;
}

/**
 * Puts an Envoy with a fault between clients and the gateway's own routes. Nobody is led there before it serves: the
 * gateway hears of it by a host that nobody asks for.
 * @throws DeadlineError when it does not get ready
 */
export async function beginGatewayFault(ctx: FaultContext, state: State, fault: object): Promise<void> {
  const { kube } = ctx;
  const { namespace } = state;
  const apply = async (all: readonly KubeObject[]): Promise<void> => {
    const position = { file: 'harness/faults/gateway.ts', line: 1, column: 1 };
    await kube.apply(all.map((object) => ({ object, position })));
  };
  await apply(faultyEnvoy(state, fault));
  await kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: NAME }), { deadline_s: READY_S });
  const rehearsal = `${NAME}.${namespace}.test`;
  await apply([detour(state, rehearsal)]);
  const deadline = performance.now() + READY_S * 1000;
  for (;;) {
    const { by_fault, status } = await ask(ctx, rehearsal);
    if (by_fault) break;
    if (performance.now() > deadline)
      throw new DeadlineError(`the gateway to lead through ${NAME}`, READY_S, `status ${status}`);
    await delay(PAUSE_MS);
  }
  await apply([detour(state, state.host)]);
}

/** Removes all of it, the way there first; what is not there is no mistake. */
async function endGatewayFault({ kube }: FaultContext, { namespace }: State): Promise<void> {
  for (const kind of [HTTP_ROUTE, DEPLOYMENT, SERVICE, CONFIG_MAP]) {
    await kube.beginRemoval({ ...kind, namespace, name: NAME });
  }
}

/** Which of its objects are there, by kind. */
async function leftOfGatewayFault({ kube }: FaultContext, { namespace }: State): Promise<readonly string[]> {
  const kinds = [HTTP_ROUTE, DEPLOYMENT, SERVICE, CONFIG_MAP];
  const found = await Promise.all(kinds.map((kind) => kube.get({ ...kind, namespace, name: NAME })));
  return found.flatMap((object) => object?.kind ?? []);
}

/** The trial's shop is served by another gateway as well; this gives it a route of Contour's. */
export async function serveTrial({ ctx, namespace }: Trial): Promise<void> {
  const object: KubeObject = {
    apiVersion: HTTP_ROUTE.api_version,
    kind: HTTP_ROUTE.kind,
    metadata: { name: SHOP, namespace },
    spec: {
      parentRefs: [CONTOUR_GATEWAY],
      hostnames: [shopHost(namespace)],
      rules: [{ backendRefs: [{ name: SHOP, port: 80 }] }],
    },
  };
  await ctx.kube.apply([{ object, position: { file: 'harness/faults/gateway.ts', line: 1, column: 1 } }]);
}
