import { firstWeight_pct, overallBad_pct } from '../../budgets.ts';
import type { Facts } from '../../facts.ts';
import { measurementsOf } from '../../measurements.ts';
import { MissingEvidence } from '../../missing-evidence.ts';
import { type Finding, type Rule } from '../../rule.ts';
import { contractRule } from '../contract-rule.ts';

/** A moment at which the check of the specification found against the release. */
interface Found {
  readonly seq: number;
  readonly at: number;
}

/** Failed looks of the declared check, as the controller records them. */
function failedLooks(facts: Facts): readonly Found[] {
  if (facts.spec.controller === 'argo-rollouts') {
    const { name } = facts.spec.check;
    return measurementsOf(facts).filter(({ metric, phase }) => metric === name && phase === 'Failed');
  }
  let before = 0;
  return facts.rollout_states.filter(({ data }) => {
    const failed = Number(data.fields['failed_checks'] ?? 0);
    const more = failed > before;
    before = failed;
    return more;
  });
}

/** The release was taken back, and it was the declared check that asked for it. */
export function takenBackByCheck(id: string): Rule {
  return contractRule(id, (facts): Finding => {
    facts.requireObserver('kubernetes');
    facts.requireRollout();
    const { check } = facts.spec;
    const limit = `rolled back after a failed ${check.name} (limit ${check.max_pct})`;
    const ended = facts.endState('rollback');
    const looks = failedLooks(facts).filter(({ at }) => ended === undefined || at <= ended.at);
    const evidence = [facts.shipped.seq, ...looks.map(({ seq }) => seq), ...(ended ? [ended.seq] : [])];
    if (!ended) {
      return { outcome: 'fail', reason: `${looks.length} failed looks, and no rollback`, limit, evidence };
    }
    const took_s = (ended.at - facts.shipped.at) / 1000;
    return {
      outcome: looks.length > 0 ? 'pass' : 'fail',
      reason:
        looks.length > 0
          ? `rolled back ${took_s.toFixed(1)} s after shipping, after ${looks.length} failed looks of ${check.name}`
          : `rolled back ${took_s.toFixed(1)} s after shipping, but no look of ${check.name} had failed`,
      limit,
      measured: `${took_s.toFixed(1)} s, ${looks.length} failed looks`,
      evidence,
    };
  });
}

/** The release was taken back although nobody could measure it, and nobody met it. */
export const p5 = contractRule('P5', (facts) => {
  facts.requireObserver('kubernetes');
  const { next_release } = facts.spec;
  const limit = 'rolled back, 0 answers of the release';
  const met = facts.series(({ release }) => release === next_release);
  const answers = met.reduce((sum, { series }) => sum + series.count, 0);
  const ended = facts.endState('rollback');
  const evidence = [facts.shipped.seq, ...(ended ? [ended.seq] : []), ...met.map(({ seq }) => seq)];
  if (!ended) return { outcome: 'fail', reason: 'it was not rolled back', limit, evidence };
  const took_s = (ended.at - facts.shipped.at) / 1000;
  return {
    outcome: answers === 0 ? 'pass' : 'fail',
    reason: `rolled back ${took_s.toFixed(1)} s after shipping; ${answers} answers of ${next_release}`,
    limit,
    measured: `${took_s.toFixed(1)} s, ${answers} answers`,
    evidence,
  };
});

/** While both serve half of the users, a bad release is taken back, and a good one is given all only after the bake. */
export const p7 = contractRule('P7', (facts) => {
  const { steps } = facts.argo;
  const [bake, ...others] = steps;
  if (!bake || others.length > 0) throw new MissingEvidence('the rollout declares no single step to bake in');
  facts.requireObserver('gateway');
  const limit =
    facts.spec.expected === 'rollback'
      ? `taken back within ${bake.pause_s} s at ${bake.weight_pct} %`
      : `given all users after ${bake.pause_s} s at ${bake.weight_pct} %`;
  const periods = facts.weight_periods.filter(
    ({ to, canary_pct }) => to > facts.shipped.at && canary_pct > 0,
  );
  const [baked, next] = periods;
  if (!baked) throw new MissingEvidence('the release was never given a share of the traffic');
  const baked_s = (baked.to - baked.from) / 1000;
  const whole = next?.canary_pct === 100;
  // Argo Rollouts counts a pause in whole seconds.
  const holds =
    baked.canary_pct === bake.weight_pct &&
    (facts.spec.expected === 'rollback'
      ? !whole && baked_s <= bake.pause_s
      : whole && baked_s >= bake.pause_s - 1);
  return {
    outcome: holds ? 'pass' : 'fail',
    reason: `${baked.canary_pct} % for ${baked_s.toFixed(1)} s, then ${whole ? 'all users' : 'none'}`,
    limit,
    measured: `${baked_s.toFixed(1)} s`,
    evidence: periods.map(({ seq }) => seq),
  };
});

/** Moments at which the run's alert fired after the release was shipped. */
function firings(facts: Facts): readonly Found[] {
  facts.requireObserver('prometheus');
  const { name } = facts.spec.alert;
  const all = facts.timeline.of('prometheus', 'alert').filter(({ subject }) => subject === name);
  if (all.length === 0) throw new MissingEvidence(`the state of alert ${name} was never read`);
  return all.filter(({ at, data }) => at >= facts.shipped.at && data.state === 'firing');
}

/** The rollback was faster than the alert, which would have fired: see its positive control. */
export const p8 = contractRule('P8', (facts) => {
  facts.requireObserver('kubernetes');
  const limit = 'rolled back, the alert never firing';
  const fired = firings(facts);
  const ended = facts.endState('rollback');
  const evidence = [facts.shipped.seq, ...(ended ? [ended.seq] : []), ...fired.map(({ seq }) => seq)];
  if (!ended) return { outcome: 'fail', reason: 'it was not rolled back', limit, evidence };
  const took_s = (ended.at - facts.shipped.at) / 1000;
  return {
    outcome: fired.length === 0 ? 'pass' : 'fail',
    reason: `rolled back ${took_s.toFixed(1)} s after shipping; the alert fired ${fired.length} times`,
    limit,
    measured: `${took_s.toFixed(1)} s, ${fired.length} alerts`,
    evidence,
  };
});

/** From the application of the configuration to the first bad share of the traffic, at most: see the rollback's budget. */
const FIRST_WEIGHT_INTERVALS = 4;

/** The alert can fire, and does when nothing takes the fault away. */
export const p9 = contractRule('P9', (facts) => {
  const { spec } = facts;
  const { alert, interval_s, scrape_interval_s } = spec;
  // Failing checks hold the canary at its first weight.
  const ratio_pct = overallBad_pct(spec, firstWeight_pct(spec));
  if (ratio_pct <= alert.threshold_pct) {
    throw new MissingEvidence(
      `${ratio_pct} % of bad answers do not reach the alert's ${alert.threshold_pct} %`,
    );
  }
  const most_s =
    FIRST_WEIGHT_INTERVALS * interval_s +
    alert.window_s +
    alert.for_s +
    2 * scrape_interval_s +
    2 * alert.evaluation_interval_s;
  const limit = `firing <= ${most_s} s after shipping`;
  const [fired] = firings(facts);
  const ended = facts.endState('rollback');
  if (ended) throw new MissingEvidence('it was rolled back, so the control proves nothing');
  if (!fired)
    return { outcome: 'fail', reason: 'the alert never fired', limit, evidence: [facts.shipped.seq] };
  const after_s = (fired.at - facts.shipped.at) / 1000;
  return {
    outcome: after_s <= most_s ? 'pass' : 'fail',
    reason: `the alert fired ${after_s.toFixed(1)} s after shipping`,
    limit,
    measured: `${after_s.toFixed(1)} s`,
    derivation: `${FIRST_WEIGHT_INTERVALS} x interval until the first weight + window + for + 2 scrapes + 2 evaluations`,
    evidence: [facts.shipped.seq, fired.seq],
  };
});
