import { at, type KubeObject, listAt, textAt } from './kubernetes.ts';

/** The part of an object that is recorded. */
export type Fields = Record<string, string | number | boolean>;

/** Label that a pod of a release carries; Flagger copies it to the primary with the pod template. */
export const RELEASE_LABEL = 'mettle.dev/release';

/** Label by which Argo Rollouts says which pods are the canary's and which the stable ones, for as long as they are. */
export const ROLE_LABEL = 'mettle.dev/role';

/** Label that says which migration a Job judges or runs. */
export const MIGRATION_LABEL = 'mettle.dev/migration';

/** Annotation that a scenario writes to change an object under its controller's hands. */
export const TOUCHED_ANNOTATION = 'mettle.dev/touched';

/** Label by which Argo Rollouts tells the pods of one release from those of another. */
export const POD_HASH_LABEL = 'rollouts-pod-template-hash';

/** Names of the field managers that own a part of an object: who wrote what stands there. */
export function managersOf(object: KubeObject, ...path: readonly string[]): string {
  return listAt(object, 'metadata', 'managedFields')
    .filter((entry) => at(entry, 'fieldsV1', ...path.map((step) => `f:${step}`)) !== undefined)
    .map((entry) => textAt(entry, 'manager') ?? '')
    .sort()
    .join(' ');
}

/** Who deployed the release that a pod template names. */
export function deployedBy(object: KubeObject): string {
  return managersOf(object, 'spec', 'template', 'metadata', 'labels', RELEASE_LABEL);
}
