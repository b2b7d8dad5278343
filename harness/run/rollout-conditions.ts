import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { rolloutSubject } from '#harness/judge/endings.ts';
import { podsOfRelease } from '#harness/judge/pods.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';

/** How each controller tells that a promotion came to its end. */
const END_WORDS = { flagger: /promotion finished/, 'argo-rollouts': / completed$/m } as const;

/** The chat was told how the rollout ended. */
export function told(spec: RolloutSpec): TimelineCondition {
  const subject = rolloutSubject(spec);
  return {
    awaited: `a message about the end of the rollout of ${spec.app}`,
    holds: (timeline) =>
      timeline
        .of('chat', 'message')
        .some(
          (record) =>
            record.subject === subject &&
            (record.data.severity === 'danger' || END_WORDS[spec.controller].test(record.data.text)),
        ),
  };
}

/** The alert is neither pending nor firing: what users met has left its window. */
export function alertInactive({ alert }: RolloutSpec): TimelineCondition {
  return {
    awaited: `alert ${alert.name} to be inactive`,
    holds: (timeline) =>
      timeline.of('prometheus', 'alert').findLast((record) => record.subject === alert.name)?.data.state ===
      'inactive',
  };
}

/** All pods of the shipped release that were seen are deleted. */
export function canaryPodsGone({ namespace, next_release }: RolloutSpec): TimelineCondition {
  return {
    awaited: `the pods of release ${next_release} to be gone`,
    holds: (timeline) =>
      [...podsOfRelease(timeline, { namespace, release: next_release }).values()].every(
        (record) => record.data.verb === 'deleted',
      ),
  };
}

/** The Deployment that a Rollout took over has no pods any more. */
export function workloadGone({ namespace, app }: RolloutSpec): TimelineCondition {
  const subject = `Deployment/${namespace}/${app}`;
  return {
    awaited: `the pods of ${subject} to be gone`,
    holds: (timeline) =>
      timeline.of('kubernetes', 'object').findLast((record) => record.subject === subject)?.data.fields[
        'present'
      ] === 0,
  };
}

/** Some whole seconds of load were measured since a moment: who serves after the end is judged by them. */
export function loadMeasured(seconds: number, since: EpochMs): TimelineCondition {
  return {
    awaited: `${seconds} s of load after the end`,
    holds: (timeline) =>
      timeline.of('load', 'second').filter((record) => record.data.from >= since).length >= seconds,
  };
}
