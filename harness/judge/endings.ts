import type { RolloutEnding, RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { KubernetesObjectData } from '#harness/core/timeline.ts';

type Fields = KubernetesObjectData['fields'];

/** Kind of the object that a controller keeps the state of a rollout in. */
const KIND = { flagger: 'Canary', 'argo-rollouts': 'Rollout' } as const;

/** The object that the declared rollout is about, as subjects of records name it. */
export function rolloutSubject({
  controller,
  namespace,
  app,
}: Pick<RolloutSpec, 'controller' | 'namespace' | 'app'>): string {
  return `${KIND[controller]}/${namespace}/${app}`;
}

/** Phases that a rollout does not leave by itself. Source: the types of Flagger 1.44 and Argo Rollouts 1.10. */
export const END_PHASES: Readonly<Record<RolloutSpec['controller'], readonly [string, string]>> = {
  flagger: ['Failed', 'Succeeded'],
  'argo-rollouts': ['Degraded', 'Healthy'],
};

/** The phase in which a rollout has come to the given end. */
export function endPhase({ controller }: RolloutSpec, expected: RolloutEnding): string {
  const [failed, done] = END_PHASES[controller];
  return expected === 'rollback' ? failed : done;
}

/**
 * Tells whether a state is the given end. A Rollout is Healthy before it has seen a new release too, so it counts only
 * once its stable hash is another than before; it is Degraded for other reasons than an abort too.
 * @param before fields of the last state before the release was shipped
 */
export function endOf(
  spec: RolloutSpec,
  expected: RolloutEnding,
  before: Fields | undefined,
): (fields: Fields) => boolean {
  const phase = endPhase(spec, expected);
  if (spec.controller === 'flagger') return (fields) => fields['phase'] === phase;
  if (expected === 'rollback') return (fields) => fields['phase'] === phase && fields['aborted'] === true;
  return (fields) =>
    fields['phase'] === phase &&
    fields['stable'] === fields['canary'] &&
    fields['stable'] !== before?.['stable'];
}
