import { component } from './component.ts';

/** Where the controllers live. */
export const FLUX_NAMESPACE = 'flux-system';

const CONTROLLERS = [
  'source-controller',
  'kustomize-controller',
  'helm-controller',
  'notification-controller',
] as const;

/** What the controllers are given, by what they have to deliver. */
export interface FluxSettings {
  /** How soon dependencies of a Kustomization that were not ready are looked at again. */
  readonly requeue_dependency_s: number;
  /** Kustomizations worked on at once; one that awaits the health of what it applied is worked on all that time. */
  readonly concurrent: number;
  /** Upper bound of kustomize-controller's memory: what it builds at once is held there. */
  readonly memory_mib: number;
  /** Longest pause before a repository that does not answer is asked again. */
  readonly source_retry_max_s: number;
}

/**
 * Enough for shops: each is a few objects and waits for nothing. Concurrency and longest pause are the controllers' own
 * defaults.
 */
const FOR_SHOPS: FluxSettings = {
  requeue_dependency_s: 5,
  concurrent: 4,
  memory_mib: 256,
  source_retry_max_s: 900,
};

/** Delivery from Git: four controllers that make a namespace be what a repository says. */
export const flux = component({
  name: 'flux',
  namespace: FLUX_NAMESPACE,
  needs: ['git'],
  values: { ...FOR_SHOPS },
  images: CONTROLLERS,
  definitions: ['flux-source', 'flux-kustomize', 'flux-helm', 'flux-notification'],
  workloads: CONTROLLERS.map((name) => ({ name })),
});
