import * as v from 'valibot';
import { defineFault } from './fault.ts';
import { answers, ask, leadBack, leadThere, objectsLeft, WAY, wayOf } from './gateway-responder.ts';
import type { Responder } from './responder-objects.ts';

export const CLOSED: Responder = { name: 'mettle-closed', release: 'closed', config: { closed: true } };

/**
 * Closes the shop for a while, by a rule of the proxy: everybody is told so and when to come back, whatever becomes of the
 * shop behind it. Its lease opens it again, whoever began it and is lost.
 */
export const gatewayClosed = defineFault({
  name: 'gateway-closed',
  breaks: 'answers every request at the gateway with 503, a reason and when to come back; the shop gets none',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({}),
  state: v.object(WAY),
  trial_needs: { components: ['traefik'] },
  example: () => ({}),
  async plan(ctx, _options, namespace) {
    const state = await wayOf(ctx, namespace);
    return {
      targets: [`Route/${namespace}/${state.host}`],
      harm: `everybody who asks ${state.host} is answered 503`,
      state,
    };
  },
  inject: (ctx, way) => leadThere(ctx, CLOSED, way),
  async probeOn(ctx, way) {
    const told = await Promise.all(['GET', 'POST', 'DELETE'].map((method) => ask(ctx, way, method)));
    const refused = told.filter((answer) => answer.status === 503 && answers(CLOSED, answer)).length;
    return { holds: refused === told.length, seen: `${refused} of ${told.length} requests are refused` };
  },
  heal: (ctx, way) => leadBack(ctx, CLOSED, way),
  async probeOff(ctx, way) {
    const left = await objectsLeft(ctx, CLOSED, way);
    if (left.length > 0) return { holds: false, seen: `there are ${left.join(', ')}` };
    // What is behind the gateway may be away for reasons of its own.
    const { status, headers, body } = await ask(ctx, way, 'GET');
    const seen = `GET is answered ${status}`;
    return { holds: status !== 0 && !answers(CLOSED, { status, headers, body }), seen };
  },
});
