import { MissingEvidence } from '../../missing-evidence.ts';
import { contractRule } from '../contract-rule.ts';
import { type Analysis, analysesOf } from './analyses.ts';
import { rowsOf, toldOf } from './rows.ts';

/** Metrics of an analysis that only try. */
function dryMetrics({ last }: Analysis): readonly string[] {
  return Object.keys(last.data.fields).flatMap(
    (field) => /^(?<metric>.+)\.dry_run$/.exec(field)?.groups?.['metric'] ?? [],
  );
}

/** A metric that only tries may fail or err without deciding, and hides nothing of one that decides. */
export const a8 = contractRule('A8', (facts) => {
  const rows = rowsOf(facts, 'A8');
  const { told, problem: row_problem } = toldOf(rows);
  const { check } = facts.argo;
  const tried = analysesOf(facts).flatMap((one) => {
    const [metric] = dryMetrics(one);
    if (metric === undefined) return [];
    const failed = one.states.find(({ data }) => data.fields[`${metric}.phase`] === 'Failed');
    return [{ analysis: one, metric, failed }];
  })[0];
  if (rows.length === 0 && !tried) throw new MissingEvidence('no metric only tried');
  if (tried && !tried.failed) throw new MissingEvidence(`${tried.metric}, which only tries, never failed`);
  const aborted = facts.endState('rollback');
  const message = String(aborted?.data.fields['message'] ?? '');
  const alone_s = tried?.failed && aborted ? (aborted.at - tried.failed.at) / 1000 : 0;
  const decided = `Metric "${check.name}"`;
  const problem =
    tried && !aborted
      ? `${check.name} decides, and nothing was aborted`
      : tried && !message.includes(decided)
        ? `the abort does not name ${check.name}: "${message}"`
        : tried && message.includes(`"${tried.metric}"`)
          ? `the abort names ${tried.metric}, which only tries`
          : row_problem;
  const by_rollout = tried
    ? `; ${tried.metric} failed ${alone_s.toFixed(1)} s before ${check.name} aborted`
    : '';
  return {
    outcome: problem === undefined ? 'pass' : 'fail',
    reason: problem ?? `${told} hold${by_rollout}`,
    limit: 'what only tries decides nothing; what decides still does',
    measured: `${told}${by_rollout}`,
    evidence: [
      ...rows.map(({ state }) => state.seq),
      ...(tried?.failed ? [tried.failed.seq] : []),
      ...(aborted ? [aborted.seq] : []),
    ],
  };
});
