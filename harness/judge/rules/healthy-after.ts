import type { RecordOf } from '#harness/core/timeline.ts';
import { MissingEvidence } from '../missing-evidence.ts';
import { rule } from '../rule.ts';
import { FINAL_SECONDS } from './rolled-back.ts';

/** What Mettle itself puts beside a shop for a fault, and takes away again: nobody misses it. */
const OWN = /\/mettle-[^/]+$/;

/** The stack is healthy after: answers are good, and every observed workload has the pods it asks for. */
export const healthyAfter = rule('healthy-after', 'the stack is healthy afterwards', (facts) => {
  facts.requireObserver('kubernetes');
  const last = facts.seconds.slice(-FINAL_SECONDS);
  const total = last.flatMap((second) => second.data.series).reduce((sum, series) => sum + series.count, 0);
  const bad = last
    .flatMap((second) => second.data.series.filter((series) => series.bad))
    .reduce((sum, series) => sum + series.count, 0);
  if (last.length < FINAL_SECONDS || total === 0)
    throw new MissingEvidence('too few seconds were measured at the end');
  const workloads = new Map<string, RecordOf<'kubernetes', 'object'>>();
  for (const record of facts.timeline.of('kubernetes', 'object')) {
    if (/^(?:Deployment|Rollout)\//.test(record.subject)) workloads.set(record.subject, record);
  }
  if (workloads.size === 0) throw new MissingEvidence('no workload was observed');
  const short = [...workloads.values()].filter(
    (record) =>
      (record.data.verb === 'deleted' && !OWN.test(record.subject)) ||
      Number(record.data.fields.ready) < Number(record.data.fields.replicas),
  );
  const holds = bad === 0 && short.length === 0;
  const complaints = [
    ...(bad > 0 ? [`${bad} of the last ${total} answers were bad`] : []),
    ...short.map(
      (record) =>
        `${record.subject} has ${String(record.data.fields.ready)} of ${String(record.data.fields.replicas)} pods ready`,
    ),
  ];
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: holds
      ? `${total} good answers in the last ${FINAL_SECONDS} s, ${workloads.size} workloads complete`
      : complaints.join('; '),
    limit: '0 bad answers, all pods ready',
    measured: `${bad} bad answers, ${short.length} workloads short`,
    evidence: [...last.map((second) => second.seq), ...[...workloads.values()].map((record) => record.seq)],
  };
});
