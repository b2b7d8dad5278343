import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { listAt, textAt } from '#harness/core/kubernetes.ts';
import { CONFIG_MAP, DEPLOYMENT, POD, SERVICE } from '#harness/kube/recording.ts';
import { isCurrent } from '#harness/kube/wait.ts';
import { askShop, type ShopAnswer } from '#harness/stack/ask-shop.ts';
import { SHOP } from '#harness/stack/shop.ts';
import { defineFault, type FaultContext, type Probe } from './fault.ts';
import { INGRESS_ROUTE, NAME, READ_ONLY_RELEASE, responder, writesElsewhere } from './read-only-objects.ts';

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
const READY_S = 25;
/** The gateway takes what it is told within a tenth of a second; it is asked until it has. */
const FORGOTTEN_MS = 3_000;
const PAUSE_MS = 100;

const State = v.object({
  namespace: v.string(),
  host: v.string(),
  image: v.string(),
  methods: v.array(v.string()),
});
type Way = v.InferOutput<typeof State>;

const KINDS = [INGRESS_ROUTE, DEPLOYMENT, SERVICE, CONFIG_MAP];

/** The host that Traefik serves the namespace's shop by, and the shop's own image. */
async function wayOf({ kube }: FaultContext, namespace: string): Promise<Omit<Way, 'methods'>> {
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

/** An order that says nothing: the shop refuses it with 400, so that asking leaves nothing behind. */
async function write({ cluster }: FaultContext, { host }: Way, method: string): Promise<ShopAnswer> {
  return await askShop({ port: cluster.ports.gateway, host }, { method, path: '/orders', body: '{}' });
}

const byResponder = ({ headers }: ShopAnswer): boolean => headers['x-release'] === READ_ONLY_RELEASE;

async function proveOn(ctx: FaultContext, way: Way): Promise<Probe> {
  const answers = await Promise.all(way.methods.map((method) => write(ctx, way, method)));
  const refused = answers.filter((answer) => answer.status === 503 && byResponder(answer)).length;
  const read = await askShop(
    { port: ctx.cluster.ports.gateway, host: way.host },
    { method: 'GET', path: '/' },
  );
  return {
    holds: refused === way.methods.length && read.status === 200 && !byResponder(read),
    seen: `${refused} of ${way.methods.join(', ')} are refused, and GET is answered ${read.status}`,
  };
}

async function end(ctx: FaultContext, way: Way): Promise<void> {
  const { kube } = ctx;
  const { namespace } = way;
  const [route, ...others] = KINDS.map((kind) => ({ ...kind, namespace, name: NAME }));
  if (route) await kube.beginRemoval(route);
  // Whoever answers goes only when nobody is led there any more.
  const until = performance.now() + FORGOTTEN_MS;
  while (performance.now() < until && byResponder(await write(ctx, way, 'DELETE'))) await delay(PAUSE_MS);
  for (const one of others) await kube.beginRemoval(one);
}

/**
 * Lets nobody write for a while, by a rule of the proxy: a maintenance mode for a service that has none of its own. Its
 * lease ends it, whoever began it and is lost.
 */
export const gatewayReadOnly = defineFault({
  name: 'gateway-read-only',
  breaks: 'refuses every write at the gateway with 503 and a reason; reads go on',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    methods: v.optional(
      v.pipe(
        v.array(v.picklist(WRITES)),
        v.minLength(1),
        v.description('methods that are refused; POST, PUT, PATCH and DELETE when absent'),
      ),
      [...WRITES],
    ),
  }),
  state: State,
  trial_needs: { components: ['traefik'] },
  example: () => ({}),
  async plan(ctx, { methods }, namespace) {
    const way = await wayOf(ctx, namespace);
    return {
      targets: [`Route/${namespace}/${way.host}`],
      harm: `${methods.join(', ')} to ${way.host} are answered 503, and reach no release`,
      state: { ...way, methods },
    };
  },
  async inject({ kube }, way) {
    const { namespace } = way;
    const position = { file: 'harness/faults/gateway-read-only.ts', line: 1, column: 1 };
    await kube.apply(responder(way).map((object) => ({ object, position })));
    await kube.waitFor(isCurrent({ ...DEPLOYMENT, namespace, name: NAME }), { deadline_s: READY_S });
    await kube.apply([{ object: writesElsewhere(way), position }]);
  },
  probeOn: proveOn,
  heal: end,
  async probeOff(ctx, way) {
    const { namespace } = way;
    const left = await Promise.all(KINDS.map((kind) => ctx.kube.get({ ...kind, namespace, name: NAME })));
    const kinds = left.flatMap((object) => object?.kind ?? []);
    if (kinds.length > 0) return { holds: false, seen: `there are ${kinds.join(', ')}` };
    const answers = await Promise.all(way.methods.map((method) => write(ctx, way, method)));
    const through = answers.filter(({ status }) => status === 400 || status === 405).length;
    return {
      holds: through === answers.length,
      seen: `${through} of ${answers.length} writes reach the shop`,
    };
  },
});
