import type { RecordOf, RolloutSpec, Timeline } from '#harness/core/timeline.ts';
import { promotionBudget_s } from '#harness/judge/budgets.ts';
import { rolloutSubject } from '#harness/judge/endings.ts';
import type { When } from '../rollout-extras.ts';

/** Waits at most so long over what the specification allows, in seconds: a late end is seen, and judged as late. */
const LATE_S = 15;

function progressDeadline_s(spec: RolloutSpec): number {
  return spec.controller === 'flagger' ? (spec.progress_deadline_s ?? 0) : 0;
}

/** First state of the Canary in one of the phases since the release was shipped. */
function reached(
  timeline: Timeline,
  spec: RolloutSpec,
  phases: readonly string[],
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
        phases.includes(String(record.data.fields['phase'])),
    );
}

/** The Canary came to one of the phases, and users were watched for so long after it. */
export function phaseThenLoad(phases: readonly string[], seconds: number): When {
  return (spec) => ({
    awaited: `phase ${phases.join(' or ')}, and ${seconds} s of load after it`,
    deadline_s: promotionBudget_s(spec) + 2 * progressDeadline_s(spec) + seconds + LATE_S,
    holds: (timeline) => {
      const state = reached(timeline, spec, phases);
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
