/** What a rule concluded. `inconclusive` means that evidence was missing: it is never a pass. */
export type Outcome = 'pass' | 'fail' | 'inconclusive';

/** One rule's conclusion with the limit it used, the value it found and the records that prove it. */
export interface RuleVerdict {
  /** Stable id, for example `exposure`. */
  readonly rule: string;
  /** What the rule demands, as a sentence. */
  readonly promise: string;
  readonly outcome: Outcome;
  /** One sentence with the measured fact, or with the evidence that is missing. */
  readonly reason: string;
  /** The limit with its unit, for example `<= 32.0 s`. */
  readonly limit: string;
  /** The measured value with its unit; absent when nothing could be measured. */
  readonly measured?: string;
  /** How the limit was computed from the specification. */
  readonly derivation?: string;
  /** `seq` of the timeline records that prove the outcome, at most `EVIDENCE_MAX`. */
  readonly evidence: readonly number[];
}

/** A run's conclusion: the worst of its rules. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly rules: readonly RuleVerdict[];
}

/** Upper bound of records named by one rule, so that a verdict stays readable. */
export const EVIDENCE_MAX = 20;

/**
 * Worst first. A failure outweighs missing evidence: one broken promise is proven, whatever else is unknown.
 * (Jepsen merges in the same order: false, unknown, true.)
 */
const SEVERITY: Readonly<Record<Outcome, number>> = { pass: 0, inconclusive: 1, fail: 2 };

/** The worst of the given outcomes. No outcome at all is `inconclusive`: nothing was judged. */
export function worst(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.length === 0) return 'inconclusive';
  return outcomes.reduce((left, right) => (SEVERITY[right] > SEVERITY[left] ? right : left));
}

/** Combines rule verdicts into the verdict of the run. */
export function combine(rules: readonly RuleVerdict[]): Verdict {
  return { outcome: worst(rules.map((rule) => rule.outcome)), rules };
}
