import type { RecordOf } from '#harness/core/timeline.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';

type ObjectRecord = RecordOf<'kubernetes', 'object'>;

/**
 * Contract A22: a Deployment that a Rollout takes over by workloadRef is scaled down to nothing, and at no moment on
 * the way are there fewer ready pods than the Deployment had.
 */
export const workloadMoved = rule(
  'workload-moved',
  'the Deployment hands over to the Rollout without a gap',
  (facts) => {
    facts.requireObserver('kubernetes');
    const { namespace, app } = facts.argo;
    const deployment = `Deployment/${namespace}/${app}`;
    const rollout = `Rollout/${namespace}/${app}`;
    const objects = facts.timeline
      .of('kubernetes', 'object')
      .filter(
        ({ subject }) =>
          subject === deployment || subject === rollout || subject.startsWith(`Pod/${namespace}/${app}-`),
      );
    const states = objects.filter(({ subject }) => subject === deployment);
    const moved = objects.find(({ subject }) => subject === rollout);
    const had = Number(states[0]?.data.fields['replicas'] ?? 0);
    if (!moved) throw new MissingEvidence('the Rollout was never observed');
    if (had === 0) throw new MissingEvidence('no Deployment with pods was observed before the move');
    const pods = new Map<string, ObjectRecord>();
    let fewest: { count: number; seq: number } | undefined;
    for (const record of objects) {
      if (!record.subject.startsWith('Pod/')) continue;
      if (record.data.verb === 'deleted') pods.delete(record.subject);
      else pods.set(record.subject, record);
      if (record.seq < moved.seq) continue;
      const count = [...pods.values()].filter(
        ({ data }) => data.fields['ready'] === true && data.fields['terminating'] !== true,
      ).length;
      if (count < (fewest?.count ?? Number.POSITIVE_INFINITY)) fewest = { count, seq: record.seq };
    }
    if (!fewest) throw new MissingEvidence('no pod changed during the move');
    const last = states.at(-1);
    const left = Number(last?.data.fields['present'] ?? Number.NaN);
    const problem =
      fewest.count < had
        ? `at one moment ${fewest.count} of ${had} pods were ready`
        : left === 0
          ? undefined
          : `the Deployment still had ${left} pods at the end`;
    return {
      outcome: problem === undefined ? 'pass' : 'fail',
      reason: problem ?? `never fewer than ${fewest.count} ready pods, and the Deployment has none left`,
      limit: `>= ${had} ready pods throughout, 0 of the Deployment in the end`,
      measured: `${fewest.count} ready pods at the least, ${left} of the Deployment in the end`,
      evidence: [fewest.seq, ...(last ? [last.seq] : [])],
    };
  },
);
