import { ARGO_TICK_S, WITHDRAWAL_SLACK_S } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { atMost } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';
import { type ActSpan, actsOf, analysesOf, numberOf, seconds, setsOf, statesOf } from './course.ts';
import { firstStable, firstSwitch, sizeAt } from './switches.ts';

/** The reconciliation that sees the change, and the switch. */
const SWITCH_S = ARGO_TICK_S + WITHDRAWAL_SLACK_S;

/** A deadline has whole seconds, and two reconciliations act on it. */
const LATE_S = 2 * ARGO_TICK_S + WITHDRAWAL_SLACK_S;

interface Back {
  readonly says: string;
  readonly problem: boolean;
  readonly evidence: readonly number[];
  readonly at: number;
}

/** A release that was applied again inside the delay, from the apply to the switch. */
function back(facts: Facts, act: ActSpan): Back {
  const period = facts.weight_periods.find(({ from }) => from > act.from && from < act.until);
  const evidence = [act.seq, ...(period ? [period.seq] : [])];
  const say = (text: string, problem: boolean, at = 0): Back => ({
    says: `${act.name}: ${text}`,
    problem,
    evidence,
    at,
  });
  if (!period) return say('never switched', true);
  const took_ms = period.from - act.from;
  const paused = statesOf(facts).find(
    ({ at, data }) => at > act.done && at < period.from && data.fields['phase'] === 'Paused',
  );
  const measured = analysesOf(facts).find(({ at }) => at > act.from && at < act.until);
  const took = `switched after ${seconds(took_ms)} s`;
  if (paused) return say(`${took}, and paused before`, true, period.from);
  // An analysis that nobody waits for costs users nothing: it is said, and no more.
  const aside = measured ? `, beside ${measured.subject}` : '';
  return say(`${took}${aside}`, took_ms > SWITCH_S * 1000, period.from);
}

/** When a release that was switched to counted as stable again; undefined where it always did, or never. */
function stableAgain(facts: Facts, release: string, since: number): number | undefined {
  const hash = setsOf(facts, release)[0]?.data.fields['hash'];
  return statesOf(facts).find(
    ({ at, data }) => at > since && since > 0 && hash !== undefined && data.fields['stable'] === hash,
  )?.at;
}

/** The acts whose names begin with `switch`, and how long the replaced sets were kept before and after them. */
export const a20 = contractRule('A20', (facts) => {
  const { stable_release, next_release, scale_down_delay_s } = facts.argo;
  const acts = actsOf(facts, /^switch/);
  const first = firstSwitch(facts);
  const stable = firstStable(facts);
  const [reverse] = acts;
  if (!reverse) throw new MissingEvidence('nothing was switched back');
  const kept = sizeAt(facts, stable_release, reverse.from);
  const whole = numberOf(stable, 'replicas');
  const backs = acts.map((act) => back(facts, act));
  const last = backs.at(-1)?.at ?? 0;
  // Each act gives the users to the other of the two releases; the judged one had them first.
  const replaced = acts.length % 2 === 0 ? stable_release : next_release;
  const gone = setsOf(facts, replaced).find(
    (set) => set.at > last && last > 0 && numberOf(set, 'replicas') === 0,
  );
  // Measured before the other release counts as stable: only then are the replaced pods given their deadline.
  const kept_from = stableAgain(facts, acts.length % 2 === 0 ? next_release : stable_release, last) ?? last;
  const gone_s = gone ? (gone.at - kept_from) / 1000 : Number.NaN;
  const in_time = gone_s >= scale_down_delay_s - ARGO_TICK_S && gone_s <= scale_down_delay_s + LATE_S;
  const says = [
    `${kept.available} of ${whole} replaced pods ${seconds(reverse.from - first.at)} s after the switch`,
    ...backs.map((one) => one.says),
    gone
      ? `replaced pods gone ${gone_s.toFixed(1)} s after the other release was stable again`
      : 'replaced pods never gone',
  ].join('; ');
  const problem = kept.available < whole || backs.some((one) => one.problem) || !in_time;
  return {
    outcome: problem ? 'fail' : 'pass',
    reason: says,
    limit: `switched back ${atMost(SWITCH_S, 's')} without waiting for a pause or an analysis, replaced pods gone after ${scale_down_delay_s} s (- ${ARGO_TICK_S} s, + ${LATE_S} s)`,
    measured: says,
    derivation:
      'counted from when the other release is stable; the deadline is kept in whole seconds and met by the reconciliation after it',
    evidence: [first.seq, ...backs.flatMap((one) => one.evidence), ...(gone ? [gone.seq] : [])],
  };
});
