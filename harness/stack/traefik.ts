import { component } from './component.ts';

/** The gateway: routes by host name and splits by the weights of TraefikServices. */
export const traefik = component({ name: 'traefik', namespace: 'gateway', definitions: ['traefik'] });
