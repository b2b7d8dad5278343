import type { RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../facts.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

type Observer = RecordOf<'harness', 'observer'>;

/** The rule of a run in which observers may lose their source for a reason. */
function runCompleteBut(excused: (lost: Observer, facts: Facts) => boolean) {
  return rule('run-complete', 'the run went as planned and nothing was lost on the way', (facts) => {
    const phases = facts.timeline.of('harness', 'phase');
    if (phases.length === 0) throw new MissingEvidence('no phase of the run was recorded');
    const failed = phases.find((record) => record.data.state === 'failed');
    const lost = facts.timeline
      .of('harness', 'observer')
      .find((record) => record.data.state === 'lost' && !excused(record, facts));
    const unfinished = phases
      .filter((record) => record.data.state === 'started')
      .find(
        (started) =>
          !phases.some((other) => other.subject === started.subject && other.data.state !== 'started'),
      );
    const problem = failed
      ? `phase ${failed.subject} failed: ${failed.data.note ?? 'no reason given'}`
      : lost
        ? `the observer of ${lost.subject} lost its source: ${lost.data.note ?? 'no reason given'}`
        : unfinished
          ? `phase ${unfinished.subject} never ended`
          : undefined;
    return {
      outcome: problem ? 'inconclusive' : 'pass',
      reason: problem ?? `${phases.filter((record) => record.data.state === 'done').length} phases done`,
      limit: 'no failed phase, no lost observer',
      evidence: [failed, lost, unfinished]
        .filter((record) => record !== undefined)
        .map((record) => record.seq),
    };
  });
}

/** The run itself went to its end: every phase that began was finished, and no observer lost its source. */
export const runComplete = runCompleteBut(() => false);

/** As `runComplete`; what was destroyed takes the sources of observers along, so each has to have its own again. */
export const runCompleteThroughLoss = runCompleteBut((lost, { timeline }) => {
  const destroyed = timeline.of('recovery', 'destroyed')[0];
  if (!destroyed || lost.at < destroyed.at) return false;
  const back = timeline
    .of('harness', 'observer')
    .find(({ subject, seq, data }) => subject === lost.subject && seq > lost.seq && data.state === 'started');
  return back !== undefined;
});
