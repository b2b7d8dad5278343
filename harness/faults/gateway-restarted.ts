import { request } from 'node:http';
import * as v from 'valibot';
import type { PublishedService } from '#harness/cluster/types.ts';
import { defineFault, type FaultContext, type Probe } from './fault.ts';
import { Killed, killPods, planKilled, podsBack, podsGone } from './killed.ts';

/** The port at which the users of each workload's data plane come in. */
const ENTRANCES: Readonly<Record<string, PublishedService>> = {
  traefik: 'gateway',
  envoy: 'contour',
  contour: 'contour',
};
const ANSWER_MS = 2_000;

/** Any answer will do: which route it is from does not matter here. */
function answers(port: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const asked = request(
    { host: '127.0.0.1', port, agent: false, signal: AbortSignal.timeout(ANSWER_MS) },
    (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    },
  );
  asked.on('error', () => resolve(0));
  asked.end();
  return promise;
}

async function entranceOpen({ cluster }: FaultContext, workload: string): Promise<Probe> {
  const status = await answers(cluster.ports[ENTRANCES[workload] ?? 'gateway']);
  return { holds: status > 0, seen: status > 0 ? `it answers ${status}` : 'it does not answer' };
}

export const gatewayRestarted = defineFault({
  name: 'gateway-restarted',
  breaks: 'ends the pods of a gateway, with every connection of its users',
  radius: { reach: 'shared', pods_max: 3 },
  options: v.strictObject({
    gateway: v.pipe(
      v.optional(v.picklist(['traefik', 'envoy', 'contour']), 'traefik'),
      v.description('traefik; envoy or contour: data plane or control plane of Contour'),
    ),
    grace_s: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(0),
        v.maxValue(60),
        v.description('time to end in an orderly way, in seconds; none unless said'),
      ),
      0,
    ),
  }),
  state: Killed,
  proof_s: 60,
  trial_needs: { components: ['traefik'] },
  example: () => ({}),
  plan: (ctx, { gateway, grace_s }) =>
    planKilled(ctx, {
      workload: gateway,
      grace_s,
      harm: 'nobody is answered until another pod has read the routes',
    }),
  inject: killPods,
  probeOn: podsGone,
  heal: () => Promise.resolve(),
  async probeOff(ctx, killed) {
    const [back, open] = await Promise.all([podsBack(ctx, killed), entranceOpen(ctx, killed.workload)]);
    return { holds: back.holds && open.holds, seen: `${back.seen}; ${open.seen}` };
  },
});
