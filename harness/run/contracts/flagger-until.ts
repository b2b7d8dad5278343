import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { KubernetesObjectData, RecordOf, Timeline } from '#harness/core/timeline.ts';
import { promotionBudget_s } from '#harness/judge/budgets.ts';
import { rolloutSubject } from '#harness/judge/endings.ts';
import type { When } from '../rollout-extras.ts';

/** Waits at most so long over what the specification allows, in seconds: a late end is seen, and judged as late. */
const LATE_S = 15;

function progressDeadline_s(spec: RolloutSpec): number {
  return spec.controller === 'flagger' ? (spec.progress_deadline_s ?? 0) : 0;
}

type Fields = KubernetesObjectData['fields'];

/** First state of the Canary since the release was shipped that is as asked. */
function reached(
  timeline: Timeline,
  spec: RolloutSpec,
  holds: (fields: Fields) => boolean,
): RecordOf<'kubernetes', 'object'> | undefined {
  const subject = rolloutSubject(spec);
  const shipped = timeline.of('release', 'shipped')[0];
  return timeline
    .of('kubernetes', 'object')
    .find(
      (record) =>
        record.subject === subject &&
        shipped !== undefined &&
        record.seq > shipped.seq &&
        holds(record.data.fields),
    );
}

/** The Canary came to one of the phases, and users were watched for so long after it. */
export function phaseThenLoad(phases: readonly string[], seconds: number): When {
  return (spec) => ({
    awaited: `phase ${phases.join(' or ')}, and ${seconds} s of load after it`,
    deadline_s: promotionBudget_s(spec) + 2 * progressDeadline_s(spec) + seconds + LATE_S,
    holds: (timeline) => {
      const state = reached(timeline, spec, ({ phase }) => phases.includes(String(phase)));
      return (
        state !== undefined &&
        timeline.of('load', 'second').some(({ data }) => data.from >= state.at + seconds * 1000)
      );
    },
  });
}

/** The phase of an act was done, and users were watched for so long after it. */
export function actThenLoad(name: string, seconds: number): When {
  return (spec) => ({
    awaited: `${seconds} s of load after "${name}"`,
    deadline_s: promotionBudget_s(spec) + 2 * progressDeadline_s(spec) + seconds + LATE_S,
    holds: (timeline) => {
      const done = timeline
        .of('harness', 'phase')
        .find(({ subject, data }) => subject === name && data.state === 'done');
      return (
        done !== undefined &&
        timeline.of('load', 'second').some(({ data }) => data.from >= done.at + seconds * 1000)
      );
    },
  });
}

/** So many checks were counted as failed. */
export function failedChecks(count: number): When {
  return (spec) => ({
    awaited: `${count} failed checks`,
    deadline_s: promotionBudget_s(spec) + LATE_S,
    holds: (timeline) =>
      reached(timeline, spec, ({ failed_checks }) => Number(failed_checks) >= count) !== undefined,
  });
}

/** Whichever comes first. */
export function either(one: When, other: When): When {
  return (spec) => {
    const [left, right] = [one(spec), other(spec)];
    return {
      awaited: `${left.awaited}, or ${right.awaited}`,
      deadline_s: Math.max(left.deadline_s, right.deadline_s),
      holds: (timeline) => left.holds(timeline) || right.holds(timeline),
    };
  };
}
