import { contractSetFor } from '#harness/core/contracts/sets.ts';
import type { VerdictDocument } from '#harness/core/run-meta.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Timeline } from '#harness/core/timeline.ts';
import { type RuleVerdict, type Standing, standingOf, standingOfRun } from '#harness/core/verdict.ts';
import { type Decision, decisionOf } from '#harness/judge/accuracy.ts';
import { MissingEvidence } from '#harness/judge/missing-evidence.ts';
import { answersOf } from '../model/answers.ts';
import { harmOf } from '../model/harm.ts';
import { factsOf } from '../model/run-facts.ts';
import { timeSplitOf } from '../model/split.ts';

/** What one run said of one contract. */
export interface JudgedContract {
  readonly rule: RuleVerdict;
  readonly standing: Standing;
  /** Where the break that was expected is reported. */
  readonly thread: string | undefined;
}

/** Seconds from the shipping to a step; undefined where it was not seen. */
export interface SeenStep {
  readonly id: string;
  readonly label: string;
  readonly after: string | undefined;
  readonly at_s: number | undefined;
}

/** What the table of contracts and the table of times take from one run. */
export interface JudgedRun {
  readonly scenario: string;
  readonly run_id: string;
  readonly title: string;
  /** Folder of the run, as the reader can open it. */
  readonly folder: string;
  readonly ended_at: number;
  readonly controller: RolloutSpec['controller'];
  /** `unknown` where the run does not say. */
  readonly version: string;
  /** Why it was judged by another version's contracts. */
  readonly remark: string | undefined;
  readonly standing: Standing;
  readonly contracts: readonly JudgedContract[];
  /** Where the time to roll back went; none where nothing was to be rolled back. */
  readonly steps: readonly SeenStep[];
  /** Name of the case where this is a repetition that measures the accuracy of the judge, and what was decided in it. */
  readonly accuracy_case: string | undefined;
  readonly decision: Decision | undefined;
}

/** What was decided; undefined where the run is no repetition of a case, or proved nothing. */
function decisionIn(timeline: Timeline): Decision | undefined {
  try {
    return decisionOf(timeline);
  } catch (error) {
    if (error instanceof MissingEvidence) return undefined;
    throw error;
  }
}

/** Reads a run of a rollout; undefined where nothing was rolled out, or something was broken on purpose to be noticed. */
export function judgedRunOf(
  timeline: Timeline,
  verdict: VerdictDocument,
  folder: string,
): JudgedRun | undefined {
  const facts = factsOf(timeline);
  const { spec, versions, shipped_at } = facts;
  if (!spec || verdict.seeded_defect !== undefined) return undefined;
  // A run that was judged before it knew of breaks still says in its specification what was expected.
  const known_break = verdict.known_break ?? spec.known_break;
  const judged = known_break ? { ...verdict, known_break } : verdict;
  const version = versions[spec.controller];
  const declared = new Set(spec.contracts);
  const steps =
    spec.expected === 'rollback' && !spec.accuracy
      ? timeSplitOf(facts, harmOf(facts, answersOf(facts))).steps
      : [];
  return {
    scenario: verdict.scenario,
    run_id: verdict.run_id,
    title: verdict.title,
    folder,
    ended_at: verdict.ended_at,
    controller: spec.controller,
    version: version ?? 'unknown',
    remark: contractSetFor(spec.controller, version).remark,
    standing: standingOfRun(judged),
    contracts: verdict.rules
      .filter(({ rule }) => declared.has(rule))
      .map((rule) => ({
        rule,
        standing: standingOf(judged, rule),
        thread: known_break?.contract === rule.rule ? known_break.thread : undefined,
      })),
    steps: steps.map(({ id, label, after, at }) => ({
      id,
      label,
      after,
      at_s: at === undefined || shipped_at === undefined ? undefined : (at - shipped_at) / 1000,
    })),
    accuracy_case: spec.accuracy?.case,
    decision: decisionIn(timeline),
  };
}
