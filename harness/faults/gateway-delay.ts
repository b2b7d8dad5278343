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
import { median } from './psql.ts';

const CLIENTS = 40;
/** How far a measured delay may be from the one asked for: two more hops, and timers. */
const ERROR_MS = 30;

/** Delays requests at the gateway, before any release is chosen for them. */
export const gatewayDelay = defineFault({
  name: 'gateway-delay',
  breaks: 'delays requests at the gateway, whichever release answers them',
  ...GATEWAY_FAULT,
  options: v.strictObject({
    delay_ms: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(20),
      v.maxValue(5000),
      v.description('delay of each request, in ms'),
    ),
    share_pct: SHARE,
  }),
  state: v.object({ way: GatewayState, delay_ms: v.number(), share_pct: v.number() }),
  async example(trial) {
    await serveTrial(trial);
    return { delay_ms: 200 };
  },
  async plan(ctx, { delay_ms, share_pct }, namespace) {
    const way = await chooseGateway(ctx, namespace);
    return {
      targets: [`Route/${namespace}/${way.host}`],
      harm: `${share_pct} % of the requests for ${way.host} take ${delay_ms} ms longer`,
      state: { way, delay_ms, share_pct },
    };
  },
  inject: (ctx, { way, delay_ms, share_pct }) =>
    beginGatewayFault(ctx, way, {
      delay: { fixed_delay: `${delay_ms / 1000}s`, percentage: percentage(share_pct) },
    }),
  async probeOn(ctx, { way, delay_ms, share_pct }) {
    const answers = await askMany(ctx, way.host, CLIENTS);
    const delayed = answers.map(({ duration_ms }) => duration_ms).filter((ms) => ms >= delay_ms - 1);
    const middle = median(delayed) ?? 0;
    const led = answers.filter(({ by_fault }) => by_fault).length;
    return {
      holds: led === CLIENTS && isShare(delayed.length, CLIENTS, share_pct) && middle <= delay_ms + ERROR_MS,
      seen: `${delayed.length} of ${CLIENTS} answers took ${middle.toFixed(0)} ms in the middle, ${led} came this way`,
    };
  },
  probeOff: (ctx, { way, delay_ms }) =>
    probeGatewayOff(ctx, way, {
      clients: CLIENTS / 4,
      fine: ({ duration_ms }) => duration_ms < delay_ms,
      words: 'came at once',
    }),
});
