import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

/** The run itself went to its end: every phase that began was finished, and no observer lost its source. */
export const runComplete = rule(
  'run-complete',
  'the run went as planned and nothing was lost on the way',
  (facts) => {
    const phases = facts.timeline.of('harness', 'phase');
    if (phases.length === 0) throw new MissingEvidence('no phase of the run was recorded');
    const failed = phases.find((record) => record.data.state === 'failed');
    const lost = facts.timeline.of('harness', 'observer').find((record) => record.data.state === 'lost');
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
  },
);
