import * as v from 'valibot';
import { defineFault } from './fault.ts';
import {
  askMany,
  beginGatewayFault,
  chooseGateway,
  GATEWAY_FAULT,
  GatewayState,
  isShare,
  percentage,
  probeGatewayOff,
  serveTrial,
  SHARE,
} from './gateway.ts';

const CLIENTS = 100;

/** Answers requests at the gateway with an error, before any release is chosen for them. */
export const gatewayAbort = defineFault({
  name: 'gateway-abort',
  breaks: 'answers requests at the gateway with an error, whichever release they were meant for',
  ...GATEWAY_FAULT,
  options: v.strictObject({
    status: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(400),
        v.maxValue(599),
        v.description('status of the answer; 503 when absent'),
      ),
      503,
    ),
    share_pct: SHARE,
  }),
  state: v.object({ way: GatewayState, status: v.number(), share_pct: v.number() }),
  async example(trial) {
    await serveTrial(trial);
    return { status: 503, share_pct: 50 };
  },
  async plan(ctx, { status, share_pct }, namespace) {
    const way = await chooseGateway(ctx, namespace);
    return {
      targets: [`Route/${namespace}/${way.host}`],
      harm: `${share_pct} % of the requests for ${way.host} are answered ${status}, and reach no release`,
      state: { way, status, share_pct },
    };
  },
  inject: (ctx, { way, status, share_pct }) =>
    beginGatewayFault(ctx, way, {
      abort: { http_status: status, percentage: percentage(share_pct) },
    }),
  async probeOn(ctx, { way, status, share_pct }) {
    const answers = await askMany(ctx, way.host, CLIENTS);
    const aborted = answers.filter((one) => one.aborted && one.status === status).length;
    const led = answers.filter(({ by_fault }) => by_fault).length;
    return {
      holds: led === CLIENTS && isShare(aborted, CLIENTS, share_pct),
      seen: `${aborted} of ${CLIENTS} requests were answered ${status} by the fault, ${led} came this way`,
    };
  },
  probeOff: (ctx, { way }) =>
    probeGatewayOff(ctx, way, { clients: CLIENTS / 5, fine: () => true, words: 'were good' }),
});
