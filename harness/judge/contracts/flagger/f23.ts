import { WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { actDone, type Breach, unlessBroken } from './seen.ts';

/** Name of the act that asks Flagger to skip the analysis. */
const SKIP = 'skip the analysis';

/** Ticks that Flagger needs after the pods missed their deadline: one to see it, one for the start of the rollout. */
const DEADLINE_TICKS = 2;

/** The first release that was shipped after the judged one. @throws MissingEvidence when there was none */
function unfit(facts: Facts): { readonly release: string; readonly at: number; readonly seq: number } {
  const { shipped } = facts;
  const next = facts.timeline.of('release', 'shipped').find(({ seq }) => seq > shipped.seq);
  if (!next) throw new MissingEvidence('no release whose pods never become ready was shipped');
  return { release: next.data.release, at: next.at, seq: next.seq };
}

function late(what: string, took_s: number): string {
  return Number.isFinite(took_s) ? `${what} only after ${took_s.toFixed(1)} s` : `${what}: never`;
}

/** A running analysis ends within a tick or two, and a release that never becomes ready is rolled back nevertheless. */
export const f23 = contractRule('F23', (facts) => {
  const { interval_s, progress_deadline_s } = facts.flagger;
  facts.requireObserver('kubernetes');
  if (progress_deadline_s === undefined) throw new MissingEvidence('the progress deadline was not declared');
  const skipped = actDone(facts, SKIP);
  const before = facts.rollout_states.findLast(({ at }) => at <= skipped.at);
  const running =
    before?.data.fields.phase === 'Progressing' && Number(before.data.fields.weight_pct) > 0
      ? before
      : undefined;
  if (!running) throw new MissingEvidence('no analysis was running when it was skipped');
  const promoted = facts.endState('promotion');
  const promote_s = 2 * interval_s + WITHDRAWAL_SLACK_S;
  const took_s = promoted ? (promoted.at - skipped.at) / 1000 : Number.POSITIVE_INFINITY;
  const bad = unfit(facts);
  const failed = facts.rollout_states.find(({ at, data }) => at > bad.at && data.fields.phase === 'Failed');
  const fail_s = progress_deadline_s + (DEADLINE_TICKS + 1) * interval_s + WITHDRAWAL_SLACK_S;
  const failed_s = failed ? (failed.at - bad.at) / 1000 : Number.POSITIVE_INFINITY;
  const met = facts.series(({ release }) => release === bad.release);
  const breaches: (Breach | undefined)[] = [
    took_s <= promote_s
      ? undefined
      : { reason: late('promoted', took_s), evidence: [skipped.seq, ...(promoted ? [promoted.seq] : [])] },
    failed_s <= fail_s
      ? undefined
      : {
          reason: late('the release that is never ready was rolled back', failed_s),
          evidence: [bad.seq, ...(failed ? [failed.seq] : [])],
        },
    met.length === 0
      ? undefined
      : { reason: `users met ${bad.release}, which was never ready`, evidence: met.map(({ seq }) => seq) },
  ];
  return unlessBroken(breaches, {
    reason: `promoted ${took_s.toFixed(1)} s after the analysis was skipped at weight ${String(running.data.fields.weight_pct)} %; the release that is never ready was rolled back after ${failed_s.toFixed(1)} s`,
    limit: `promoted ${atMost(promote_s, 's')} after skipping, rolled back ${atMost(fail_s, 's')} after shipping`,
    measured: `${took_s.toFixed(1)} s and ${failed_s.toFixed(1)} s`,
    derivation: `2 x interval + ${WITHDRAWAL_SLACK_S} s; progress deadline ${progress_deadline_s} s + ${DEADLINE_TICKS + 1} x interval + ${WITHDRAWAL_SLACK_S} s`,
    evidence: [skipped.seq, ...(promoted ? [promoted.seq] : []), bad.seq, ...(failed ? [failed.seq] : [])],
  });
});
