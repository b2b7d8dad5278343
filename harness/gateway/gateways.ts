import { UsageError } from '#harness/core/errors.ts';
import type { GatewayAdapter, GatewayName } from './adapter.ts';
import { contourGateway } from './contour.ts';
import { istioGateway } from './istio.ts';
import { traefikGateway } from './traefik.ts';

const GATEWAYS: Readonly<Record<GatewayName, GatewayAdapter>> = {
  traefik: traefikGateway,
  contour: contourGateway,
  istio: istioGateway,
};

function isGateway(name: string): name is GatewayName {
  return Object.hasOwn(GATEWAYS, name);
}

/** The adapter of a gateway. Throws UsageError for a name that none has. */
export function gatewayOf(name: string): GatewayAdapter {
  if (isGateway(name)) return GATEWAYS[name];
  throw new UsageError(
    `no gateway is called ${JSON.stringify(name)}: there are ${Object.keys(GATEWAYS).join(', ')}`,
  );
}
