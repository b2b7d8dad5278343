import { component } from './component.ts';

const CONTROLLERS = [
  'source-controller',
  'kustomize-controller',
  'helm-controller',
  'notification-controller',
] as const;

/** Delivery from Git: four controllers that make a namespace be what a repository says. */
export const flux = component({
  name: 'flux',
  namespace: 'flux-system',
  needs: ['git'],
  images: CONTROLLERS,
  definitions: ['flux-source', 'flux-kustomize', 'flux-helm', 'flux-notification'],
  workloads: CONTROLLERS.map((name) => ({ name })),
});
