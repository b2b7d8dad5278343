import * as v from 'valibot';
import { defineFault } from './fault.ts';
import {
  askMany,
  beginGatewayFault,
  chooseGateway,
  endGatewayFault,
  GatewayState,
  leftOfGatewayFault,
  percentage,
  serveTrial,
  SHARE,
} from './gateway.ts';
import { median } from './psql.ts';

const CLIENTS = 40;
/** How far a measured delay may be from the one asked for: two more hops, and timers. */
const ERROR_MS = 30;
const DEVIATIONS = 4;

/** Delays requests at the gateway, before any release is chosen for them. */
export const gatewayDelay = defineFault({
  name: 'gateway-delay',
  breaks: 'delays requests at the gateway, whichever release answers them',
  radius: { reach: 'own', pods_max: 0 },
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
  trial_needs: { components: ['contour'] },
  proof_s: 60,
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
    const share = delayed.length / CLIENTS;
    const wanted = share_pct / 100;
    const error = DEVIATIONS * Math.sqrt((wanted * (1 - wanted)) / CLIENTS);
    const middle = median(delayed) ?? 0;
    const led = answers.filter(({ by_fault }) => by_fault).length;
    return {
      holds: led === CLIENTS && Math.abs(share - wanted) <= error && middle <= delay_ms + ERROR_MS,
      seen: `${delayed.length} of ${CLIENTS} answers took ${middle.toFixed(0)} ms in the middle, ${led} came this way`,
    };
  },
  heal: (ctx, { way }) => endGatewayFault(ctx, way),
  async probeOff(ctx, { way, delay_ms }) {
    const left = await leftOfGatewayFault(ctx, way);
    if (left.length > 0) return { holds: false, seen: `there are ${left.join(', ')}` };
    const answers = await askMany(ctx, way.host, CLIENTS / 4);
    const fine = answers.filter((one) => !one.by_fault && one.status === 200 && one.duration_ms < delay_ms);
    return {
      holds: fine.length === answers.length,
      seen: `${fine.length} of ${answers.length} answers came at once`,
    };
  },
});
