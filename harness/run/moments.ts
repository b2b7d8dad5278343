import { rolloutSubject } from '#harness/judge/endings.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { KubernetesObjectData } from '#harness/core/timeline.ts';
import { endDeadline_s } from './rollout-run.ts';
import type { When } from './rollout-extras.ts';

type Fields = KubernetesObjectData['fields'];

/** A moment at which a state of the Canary or Rollout is seen; by a watch, never by the clock. */
function state(awaited: string, holds: (fields: Fields) => boolean): When {
  return (spec: RolloutSpec) => {
    const subject = rolloutSubject(spec);
    return {
      awaited: `${subject}: ${awaited}`,
      deadline_s: endDeadline_s(spec),
      holds: (timeline) => {
        const shipped = timeline.of('release', 'shipped')[0];
        return (
          shipped !== undefined &&
          timeline
            .of('kubernetes', 'object')
            .some(
              (record) => record.subject === subject && record.seq > shipped.seq && holds(record.data.fields),
            )
        );
      },
    };
  };
}

/** The canary was given at least this share of the traffic. */
export function weightReached(weight_pct: number): When {
  return state(`weight ${weight_pct} %`, (fields) => Number(fields['weight_pct']) >= weight_pct);
}

/** The rollout was seen in a phase: `Progressing`, `Waiting`, `Promoting`, `Paused` and the like. */
export function phaseSeen(phase: string): When {
  return state(`phase ${phase}`, (fields) => fields['phase'] === phase);
}

/** Flagger began to copy the release to the primary; Argo Rollouts went past its last step. */
export const promotionBegan: When = (spec) =>
  spec.controller === 'flagger'
    ? phaseSeen('Promoting')(spec)
    : state('past its last step', (fields) => Number(fields['step']) >= spec.steps.length)(spec);

/** The controller has decided against the release. */
export const abortSeen: When = (spec) =>
  spec.controller === 'flagger'
    ? state('rolled back', (fields) => fields['phase'] === 'Failed')(spec)
    : state('aborted', (fields) => fields['aborted'] === true)(spec);
