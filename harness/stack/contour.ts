import { component } from './component.ts';

/** The second gateway: Contour tells Envoy what routes of the Gateway API mean. */
export const contour = component({
  name: 'contour',
  namespace: 'contour',
  images: ['contour', 'envoy'],
  definitions: ['contour'],
  workloads: [{ name: 'contour' }, { name: 'envoy' }],
  access: [{ service: 'contour', note: 'routes of the Gateway API, by the Host header' }],
});
