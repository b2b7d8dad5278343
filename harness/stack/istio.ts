import { component } from './component.ts';

/** Istio's definitions alone: its data plane is not built here, so its objects can be made and checked, not served. */
export const istio = component({
  name: 'istio',
  namespace: 'istio-system',
  images: [],
  definitions: ['istio'],
  workloads: [],
});
