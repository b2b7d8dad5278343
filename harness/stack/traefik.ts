import { TRAEFIK_THROTTLE_MS } from '#harness/gateway/traefik.ts';
import { component } from './component.ts';

/** The gateway: routes by host name and splits by the weights of TraefikServices. */
export const traefik = component({
  name: 'traefik',
  namespace: 'gateway',
  definitions: ['traefik'],
  values: { throttle_ms: TRAEFIK_THROTTLE_MS },
  access: [{ service: 'gateway', note: 'routes by the Host header, for example shop.<namespace>.test' }],
});
