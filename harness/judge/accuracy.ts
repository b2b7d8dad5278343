import { type Class, classify } from '#harness/core/statistics/classify.ts';
import type { RolloutEnding } from '#harness/core/rollout-spec.ts';
import type { EpochMs, Timeline } from '#harness/core/timeline.ts';
import { Facts } from './facts.ts';
import { machineSelfCheck } from './machine-self-check.ts';
import { MissingEvidence } from './missing-evidence.ts';

/** What the reference judge found in what clients received. */
export interface ReferenceVerdict {
  readonly class: Class;
  /** Mean of the release over the mean of what served beside it. */
  readonly mean_ratio: number | undefined;
  /** Seconds that were compared. */
  readonly seconds: number;
}

/** One repetition of a case of the accuracy of a judge. */
export interface Decision {
  readonly case: string;
  readonly metric: 'latency' | 'errors';
  readonly seed: number;
  readonly controller: 'flagger' | 'argo-rollouts';
  /** What should be decided. */
  readonly expected: RolloutEnding;
  /** What the controller decided. */
  readonly decided: RolloutEnding;
  readonly reference: ReferenceVerdict;
}

/** What the reference judge bears of latency: a release is too slow above this ratio of the means. */
export const ALLOWED_SLOWER = 1.1;

/** Fewest answers of a second for it to count. */
const ANSWERS_MIN = 5;

interface Sample {
  readonly answers: number;
  readonly bad: number;
  readonly sum_ms: number;
}

function samplesOf(
  facts: Facts,
  release: string,
  { from, to }: { from: EpochMs; to: EpochMs },
): readonly Sample[] {
  return facts.seconds
    .filter((second) => second.data.from >= from && second.at <= to)
    .map((second) => {
      const own = second.data.series.filter((series) => series.release === release);
      return own.reduce<Sample>(
        (sum, series) => ({
          answers: sum.answers + series.count,
          bad: sum.bad + (series.bad ? series.count : 0),
          sum_ms: sum.sum_ms + series.sum_ms,
        }),
        { answers: 0, bad: 0, sum_ms: 0 },
      );
    })
    .filter(({ answers }) => answers >= ANSWERS_MIN);
}

/**
 * The reference judge: a Mann-Whitney classification of each second's mean latency, or share of bad answers, while the
 * release had a share of the traffic and the first seconds of its programs were over. It sees what clients received,
 * not what the controller was told.
 */
function referenceOf(facts: Facts, decided_at: EpochMs): ReferenceVerdict {
  const { spec } = facts;
  const first = facts.weight_periods.find(
    ({ canary_pct, from }) => canary_pct > 0 && from >= facts.shipped.at,
  );
  if (!first) throw new MissingEvidence('the release was never given a share of the traffic');
  const warm_s =
    spec.controller === 'argo-rollouts'
      ? Math.max(spec.initial_delay_s - spec.window_s, 0)
      : spec.interval_s / 2;
  const span = { from: first.from + warm_s * 1000, to: decided_at };
  const metric = spec.accuracy?.metric ?? 'latency';
  const value = ({ answers, bad, sum_ms }: Sample): number =>
    metric === 'latency' ? sum_ms / answers : (100 * bad) / answers;
  const experiment = samplesOf(facts, spec.next_release, span).map(value);
  const control = samplesOf(facts, spec.stable_release, span).map(value);
  const found = classify(experiment, control, {
    direction: 'increase',
    ...(metric === 'latency' ? { allowed_increase: ALLOWED_SLOWER } : {}),
  });
  return { class: found.class, mean_ratio: found.mean_ratio, seconds: experiment.length };
}

/**
 * What was decided in one repetition, by the controller and by the reference judge; undefined where the run is none.
 * @throws MissingEvidence when nothing was decided, nothing was measured, or the machine may have had a part in it:
 * then a right decision counts as little as a wrong one
 */
export function decisionOf(timeline: Timeline): Decision | undefined {
  const facts = new Facts(timeline);
  const { accuracy, controller, expected } = facts.spec;
  if (!accuracy || expected === 'hold') return undefined;
  const machine = machineSelfCheck(timeline);
  if (machine.outcome !== 'pass') throw new MissingEvidence(machine.reason);
  const ends = (['rollback', 'promotion'] as const).flatMap((ending) => {
    const state = facts.endState(ending);
    return state ? [{ decided: ending, at: state.at }] : [];
  });
  const [end] = ends.toSorted((left, right) => left.at - right.at);
  if (!end) throw new MissingEvidence('the rollout came to no end');
  const given_all = facts.weight_periods.find(
    ({ canary_pct, from }) => canary_pct === 100 && from >= facts.shipped.at,
  );
  return {
    ...accuracy,
    controller,
    expected,
    decided: end.decided,
    // Once the release has all traffic there is nothing to compare it with.
    reference: referenceOf(facts, Math.min(end.at, given_all?.from ?? end.at)),
  };
}
