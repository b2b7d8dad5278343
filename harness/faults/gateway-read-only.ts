import * as v from 'valibot';
import { READ_ONLY_RELEASE } from '#harness/core/read-only-answer.ts';
import { defineFault, type FaultContext, type Probe } from './fault.ts';
import { answers, ask, leadBack, leadThere, objectsLeft, WAY, wayOf } from './gateway-responder.ts';
import type { Responder } from './responder-objects.ts';

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;

export const READ_ONLY: Responder = {
  name: 'mettle-read-only',
  release: READ_ONLY_RELEASE,
  config: { read_only: true },
};

const State = v.object({ ...WAY, methods: v.array(v.string()) });
type Way = v.InferOutput<typeof State>;

async function proveOn(ctx: FaultContext, way: Way): Promise<Probe> {
  const told = await Promise.all(way.methods.map((method) => ask(ctx, way, method)));
  const refused = told.filter((answer) => answer.status === 503 && answers(READ_ONLY, answer)).length;
  const read = await ask(ctx, way, 'GET');
  return {
    holds: refused === way.methods.length && read.status === 200 && !answers(READ_ONLY, read),
    seen: `${refused} of ${way.methods.join(', ')} are refused, and GET is answered ${read.status}`,
  };
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
  inject: (ctx, way) => leadThere(ctx, READ_ONLY, way),
  probeOn: proveOn,
  heal: (ctx, way) => leadBack(ctx, READ_ONLY, way),
  async probeOff(ctx, way) {
    const left = await objectsLeft(ctx, READ_ONLY, way);
    if (left.length > 0) return { holds: false, seen: `there are ${left.join(', ')}` };
    const told = await Promise.all(way.methods.map((method) => ask(ctx, way, method)));
    const through = told.filter(({ status }) => status === 400 || status === 405).length;
    return { holds: through === told.length, seen: `${through} of ${told.length} writes reach the shop` };
  },
});
