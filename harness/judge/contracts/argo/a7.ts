import type { EpochMs, RecordOf } from '#harness/core/timeline.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { analysesOf } from './analyses.ts';
import { rowsOf, toldOf } from './rows.ts';

type State = RecordOf<'kubernetes', 'object'>;

/** Pods of the Jobs that the judged Rollout's analyses made: each name begins with the metric's Job. */
function jobPods(facts: Facts, metrics: ReadonlySet<string>): readonly State[] {
  const { namespace } = facts.argo;
  return facts.timeline.of('kubernetes', 'object').filter(({ subject }) => {
    const metric = /^Pod\/[^/]+\/[0-9a-f-]{36}\.(?<metric>.+)\.\d+-[a-z0-9]+$/.exec(subject)?.groups?.[
      'metric'
    ];
    return subject.startsWith(`Pod/${namespace}/`) && metric !== undefined && metrics.has(metric);
  });
}

/** Why a container waits when it will never start by itself; one that is being made waits too. */
const NEVER_STARTS = /^(?:ErrImage|ImagePull|InvalidImage|CreateContainer)/;

/** Whether a Job had completed by then. */
function completedBy(pods: readonly State[], at: EpochMs): boolean {
  return pods.some((pod) => pod.at <= at && pod.data.fields['phase'] === 'Succeeded');
}

/** Names of the metrics of the Rollout's analyses. */
function metricsOf(facts: Facts): ReadonlySet<string> {
  return new Set(
    analysesOf(facts).flatMap(({ last }) =>
      Object.keys(last.data.fields).flatMap(
        (field) => /^(?<metric>.+)\.count$/.exec(field)?.groups?.['metric'] ?? [],
      ),
    ),
  );
}

/** A release that a Job looks at is promoted only once such a Job has completed; a Job that fails, fails its analysis. */
export const a7 = contractRule('A7', (facts) => {
  const rows = rowsOf(facts, 'A7');
  const { told, problem: row_problem } = toldOf(rows);
  const pods = jobPods(facts, metricsOf(facts));
  const stuck = pods.find(({ data }) => NEVER_STARTS.test(String(data.fields['waiting'])));
  if (!stuck) throw new MissingEvidence('no Job of the Rollout was without its image');
  const promoted = facts.endState('promotion');
  const unseen = promoted !== undefined && !completedBy(pods, promoted.at);
  const why = String(stuck.data.fields['waiting']);
  const problem = unseen ? `promoted although no Job ever ran: ${why}` : row_problem;
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason:
      problem ??
      `a Job was ${why}, and the release was ${promoted ? 'promoted only once one had completed' : 'not promoted'}; ${told} hold`,
    limit: 'no promotion before a Job completed',
    measured: `${promoted ? 'promoted' : 'not promoted'}, ${told}`,
    evidence: [stuck.seq, ...(promoted ? [promoted.seq] : []), ...rows.map(({ state }) => state.seq)],
  };
});
