import { hodgesLehmann, type Shift } from './mann-whitney.ts';

/** What became of a metric of the new release beside that of the old one. */
export type Class = 'pass' | 'high' | 'low' | 'no-data';

/** Which change is a change for the worse. */
export type Direction = 'increase' | 'decrease' | 'either';

export interface ClassifyOptions {
  readonly direction: Direction;
  /** Confidence of the interval; 0.98 in Netflix' judge. */
  readonly confidence?: number;
  /** Share of the estimated shift that the interval must be beyond, so that a hair's breadth from 0 is no difference. */
  readonly tolerance?: number;
  /** Ratio of the means up to which an increase is borne, for example 1.1; every one counts when absent. */
  readonly allowed_increase?: number;
  /** Ratio of the means down to which a decrease is borne, for example 0.9. */
  readonly allowed_decrease?: number;
}

export interface Classification {
  readonly class: Class;
  readonly reason: string;
  /** Mean of the experiment over the mean of the control. */
  readonly mean_ratio?: number;
  readonly shift?: Shift;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Classifies a metric as Netflix' judge in Kayenta does (`MannWhitneyClassifier`, spinnaker/kayenta): by the confidence interval of the
 * Hodges-Lehmann shift, which must lie beyond a share (0.25) of the shift, and, where a critical size is given, by the
 * ratio of the means. Values of the experiment are of the release, one for each span of time; those of the control of what
 * serves beside it at the same times.
 */
export function classify(
  experiment: readonly number[],
  control: readonly number[],
  { direction, confidence = 0.98, tolerance = 0.25, allowed_increase, allowed_decrease }: ClassifyOptions,
): Classification {
  if (experiment.length === 0 || control.length === 0) {
    return { class: 'no-data', reason: 'one of the two has no values' };
  }
  const shift = hodgesLehmann(experiment, control, confidence);
  const mean_ratio = meanOf(experiment) / meanOf(control);
  const found = { mean_ratio, shift };
  const bound = tolerance * Math.abs(shift.estimate);
  const higher = shift.low > bound && direction !== 'decrease';
  const lower = shift.high < -bound && direction !== 'increase';
  if (higher && !(mean_ratio <= (allowed_increase ?? Number.NEGATIVE_INFINITY))) {
    return { class: 'high', reason: `higher by ${shift.estimate}, mean ratio ${mean_ratio}`, ...found };
  }
  if (lower && !(mean_ratio >= (allowed_decrease ?? Number.POSITIVE_INFINITY))) {
    return { class: 'low', reason: `lower by ${-shift.estimate}, mean ratio ${mean_ratio}`, ...found };
  }
  const reason = higher || lower ? 'the difference is within what is borne' : 'no difference was found';
  return { class: 'pass', reason, ...found };
}
