import type { Position } from '#harness/core/errors.ts';
import type { LintFinding } from '#harness/core/guard/facts.ts';
import type { Outcome } from '#harness/core/verdict.ts';

/**
 * How bad it is by the data that was there: `critical` and `high` belong to a check that fails, `low` is a remark on one
 * that holds (a column was dropped, but it was empty), `none` is all else.
 */
export type Severity = 'none' | 'low' | 'high' | 'critical';

/** Rising. */
export const SEVERITIES: readonly Severity[] = ['none', 'low', 'high', 'critical'];

/** Statement of a migration that a verdict is about. */
export interface StatementRef {
  readonly index: number;
  readonly position: Position;
  readonly text: string;
}

/** How the same end is reached without the harm. */
export interface SaferWay {
  readonly text: string;
  readonly sql: string;
}

/** What one check found in one migration. */
export interface CheckVerdict {
  /** Id in the catalogue: `values-kept`. */
  readonly check: string;
  readonly migration: string;
  readonly outcome: Outcome;
  readonly severity: Severity;
  /** A plain sentence with the measured fact, or with the evidence that is missing. */
  readonly reason: string;
  /** With its unit: `<= 500 ms`. */
  readonly limit: string;
  readonly measured?: string;
  /** Where the limit comes from, or what the measured value rests on. */
  readonly derivation?: string;
  readonly statements: readonly StatementRef[];
  readonly safer?: SaferWay;
  /** Everything that the reason sums up, a line each. */
  readonly items?: readonly string[];
  /** Why somebody accepts it (`--allow`); it decides nothing then, and is no pass either. */
  readonly accepted?: string;
}

/** A check that was left out of the run beforehand. */
export interface NotJudged {
  readonly check: string;
  readonly why: string;
}

/** What measuring says to a finding of the linter. */
export interface LintOpinion {
  readonly finding: LintFinding;
  /** `overturned`: what the rule warns of was looked for and did not come about. */
  readonly stance: 'confirmed' | 'overturned' | 'not measured';
  readonly sentence: string;
}

export interface GuardVerdict {
  /** The worst of the checks that nobody accepted. */
  readonly outcome: Outcome;
  /** The worst of the checks that nobody accepted. */
  readonly severity: Severity;
  readonly checks: readonly CheckVerdict[];
  readonly not_judged: readonly NotJudged[];
  readonly lint: readonly LintOpinion[];
  /** What was measured to be harmful and no rule of the linter warned of, a sentence each. */
  readonly unseen_by_linter: readonly string[];
  /** The longest that readers and writers may be blocked. */
  readonly budgets: Budgets;
}

export interface Budgets {
  readonly readers_ms: number;
  readonly writers_ms: number;
  /**
   * The longest that anybody may queue behind the migration and a reader. Without it an unbounded queue is remarked, not
   * judged: every change of a table has one that is run without `lock_timeout`, and that is often set by the tool.
   */
  readonly queue_ms?: number;
}

/**
 * Half a second each: shorter than the timeout of any usual client and than the step of a health probe, and what
 * users take for a slow answer rather than for a fault.
 */
export const DEFAULT_BUDGETS: Budgets = { readers_ms: 500, writers_ms: 500 };

export interface JudgeOptions {
  readonly budgets: Budgets;
  /** Why a check may fail, by its id. */
  readonly accepted: Readonly<Record<string, string>>;
}
