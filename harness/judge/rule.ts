import { messageOf } from '#harness/core/errors.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import { EVIDENCE_MAX, type Outcome, type RuleVerdict } from '#harness/core/verdict.ts';
import { Facts } from './facts.ts';
import { MissingEvidence } from './missing-evidence.ts';

/** A pure function from the recorded timeline to a verdict. It may be applied to an old run at any time. */
export interface Rule {
  readonly id: string;
  judge(timeline: Timeline): RuleVerdict;
}

/** What a rule found out. */
export interface Finding {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly limit: string;
  readonly measured?: string;
  readonly derivation?: string;
  readonly evidence?: readonly number[];
  /** See `RuleVerdict`. */
  readonly items?: readonly string[];
}

/**
 * Makes a rule. Missing evidence, and any error inside the rule, make it `inconclusive`: a rule that could not
 * be applied has proven nothing.
 */
export function rule(id: string, promise: string, find: (facts: Facts) => Finding): Rule {
  return {
    id,
    judge(timeline) {
      try {
        const finding = find(new Facts(timeline));
        return { rule: id, promise, ...finding, evidence: (finding.evidence ?? []).slice(0, EVIDENCE_MAX) };
      } catch (error) {
        const reason =
          error instanceof MissingEvidence
            ? error.message
            : `the rule could not be applied: ${messageOf(error)}`;
        return {
          rule: id,
          promise,
          outcome: 'inconclusive',
          reason,
          limit: 'evidence present',
          evidence: [],
        };
      }
    },
  };
}

/** `<= 32.0 s` and the like. */
export function atMost(value: number, unit: string, digits = 1): string {
  return `<= ${value.toFixed(digits)} ${unit}`;
}
