import type { LoadSecond } from '#harness/core/timeline.ts';
import { countAnswers } from './seconds.ts';

/** What a condition on the latest seconds of load found. */
export interface Finding {
  readonly met: boolean;
  /** The value that decided, as a person reads it. */
  readonly seen: string;
}

/** A condition on the latest seconds of load, the newest last. */
export type LoadCondition = (recent: readonly LoadSecond[]) => Finding;

/** How far the answers of a steady state may be from the offered rate, in percent. */
const STEADY_RATE_ERROR_PCT = 1;

/**
 * The steady state before a fault: for `window_s` seconds on end the offered rate is met, no iteration is dropped and
 * no answer is bad.
 */
export function steadyState(rate_per_s: number, window_s: number): LoadCondition {
  return (recent) => {
    const window = recent.slice(-window_s);
    if (window.length < window_s) return { met: false, seen: `${window.length} of ${window_s} s of load` };
    const { answers, bad } = countAnswers(window);
    const dropped = window.reduce((sum, second) => sum + second.dropped_iterations, 0);
    const error_pct = (Math.abs(answers / window_s - rate_per_s) / rate_per_s) * 100;
    return {
      met: bad === 0 && dropped === 0 && error_pct <= STEADY_RATE_ERROR_PCT,
      seen: `${(answers / window_s).toFixed(1)} of ${rate_per_s} answers/s, ${bad} bad and ${dropped} dropped in ${window_s} s`,
    };
  };
}
