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
  /** Everything that the reason sums up, one line each: every order that was lost, every field that differs. */
  readonly items?: readonly string[];
  /** What the reader must know of how it was judged, for example that it was by the rules of another version. */
  readonly remark?: string;
  /** The machine kept the load generator waiting: that is why nothing was proven, and a further run may. */
  readonly starved?: true;
}

/** A contract that the version at hand is known to break. */
export interface KnownBreak {
  readonly contract: string;
  /** Where it was reported, as `owner/repository#number`. */
  readonly thread: string;
}

/** A run's conclusion: the worst of its rules. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly rules: readonly RuleVerdict[];
  /** Declared by the scenario: this contract is expected to be broken. */
  readonly known_break?: KnownBreak;
}

/**
 * How an outcome is reported. `known-break`: the contract is broken, as its thread says; nobody is called. `news`: a
 * contract that was known to be broken holds.
 */
export type Standing = Outcome | 'known-break' | 'news';

/** How one rule of a verdict is reported. */
export function standingOf({ known_break }: Verdict, { rule, outcome }: RuleVerdict): Standing {
  if (known_break?.contract !== rule || outcome === 'inconclusive') return outcome;
  return outcome === 'fail' ? 'known-break' : 'news';
}

/**
 * How a whole verdict is reported. A break that is known takes other rules with it (who is not rolled back goes on to harm),
 * so it counts as the run's; a contract that holds takes none, so it is news only where all others hold.
 */
export function standingOfRun(verdict: Verdict): Standing {
  const known = verdict.rules.find(({ rule }) => rule === verdict.known_break?.contract);
  const standing = known ? standingOf(verdict, known) : 'inconclusive';
  return standing === 'known-break' || (standing === 'news' && verdict.outcome === 'pass')
    ? standing
    : verdict.outcome;
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

/** Whether every promise was kept as far as could be seen, and only a starved load generator stands against a pass. */
export function isOnlyStarved({ outcome, rules }: Verdict): boolean {
  return (
    outcome === 'inconclusive' && rules.every((rule) => rule.outcome === 'pass' || rule.starved === true)
  );
}

/** Combines rule verdicts into the verdict of the run. */
export function combine(rules: readonly RuleVerdict[]): Verdict {
  return { outcome: worst(rules.map((rule) => rule.outcome)), rules };
}
