import { component } from './component.ts';

/**
 * Istio's control plane and a gateway, in the version of its definitions. Nobody but its makers can build them, so they
 * come with `--images pull` only; where images are built, asking for it is refused. Not verified here.
 */
export const istioDataplane = component({
  name: 'istio-dataplane',
  namespace: 'istio-system',
  needs: ['istio'],
  images: ['istiod', 'istio-proxy'],
  workloads: [{ name: 'istiod' }, { name: 'istio-gateway' }],
  access: [{ service: 'gateway', note: 'routes by VirtualServices of Gateway istio-system/mettle' }],
});
