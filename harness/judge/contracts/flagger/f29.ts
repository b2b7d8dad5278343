import { MissingEvidence } from '../../missing-evidence.ts';
import { FINAL_SECONDS } from '../../rules/rolled-back.ts';
import { contractRule } from '../contract-rule.ts';
import { answersWithin, type Breach, RECORDED_MS, unlessBroken } from './seen.ts';

/** A user gives the cookie up with the next request: who comes seldom may still do so at the end, in percent. */
const SELDOM_PCT = 5;

/** Fewest requests with the cookie on which it is judged. */
const KEPT_MIN = 50;

/** Requests that carried the cookie: all to the release while it was analysed, none any more at the end. */
export const f29 = contractRule('F29', (facts) => {
  facts.requireObserver('kubernetes');
  const { spec } = facts;
  const first = facts.rollout_states.find(({ data }) => Number(data.fields.weight_pct) > 0);
  const over = facts.rollout_states.find(
    ({ at, data }) => first !== undefined && at > first.at && data.fields.phase !== 'Progressing',
  );
  if (!first || !over)
    throw new MissingEvidence('the analysis never gave the release a share, or never ended');
  const span = { from: first.at, to: over.at - RECORDED_MS };
  const kept = (by_next: boolean): number =>
    answersWithin(
      facts,
      span,
      (one) => one.group === 'kept' && (one.release === spec.next_release) === by_next,
    );
  const [loyal, lost] = [kept(true), kept(false)];
  if (loyal + lost < KEPT_MIN)
    throw new MissingEvidence(`${loyal + lost} requests carried the cookie: too few to judge`);
  const last = facts.seconds.slice(-FINAL_SECONDS);
  const final = last.flatMap(({ data }) => data.series);
  const still = final.reduce((sum, one) => sum + (one.group === 'kept' ? one.count : 0), 0);
  const total = final.reduce((sum, one) => sum + one.count, 0);
  if (total === 0) throw new MissingEvidence('no answers were measured at the end');
  const still_pct = (100 * still) / total;
  const breaches: (Breach | undefined)[] = [
    lost > 0
      ? {
          reason: `${lost} of ${loyal + lost} requests with the cookie were answered by another release`,
          evidence: [first.seq, over.seq],
        }
      : undefined,
    still_pct > SELDOM_PCT
      ? {
          reason: `${still} of ${total} requests of the last ${FINAL_SECONDS} s still carry the cookie`,
          evidence: last.map(({ seq }) => seq),
        }
      : undefined,
  ];
  return unlessBroken(breaches, {
    reason: `all ${loyal} requests with the cookie met the release while it was analysed; in the last ${FINAL_SECONDS} s ${still} of ${total} carry it`,
    limit: `100 % of the requests with the cookie; then <= ${SELDOM_PCT} % that still carry it`,
    measured: `${loyal} of ${loyal + lost}, then ${still_pct.toFixed(1)} %`,
    evidence: [first.seq, over.seq, ...last.map(({ seq }) => seq)],
  });
});
