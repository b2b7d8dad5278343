import type { Timeline } from '#harness/core/timeline.ts';
import { type RuleVerdict, type Standing, standingOfRun, type Verdict } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import { answersOf } from '../model/answers.ts';
import { explain } from '../model/format.ts';
import { harmOf } from '../model/harm.ts';
import { timeSplitOf } from '../model/split.ts';
import { recoveryOf } from '../model/recovery/recovery.ts';
import { factsOf } from '../model/run-facts.ts';
import { recoverySummary, type RecoverySummary } from './recovery.ts';

/** What a program needs of a run: for trends, comparisons and `--json`. Absent evidence is `null`, never 0. */
export interface Summary extends RunMeta {
  /** Version of this shape; a change that breaks readers raises it. */
  readonly schema: 1;
  readonly outcome: Verdict['outcome'];
  /** The outcome as it is to be read: `known-break` is expected, `news` is not. */
  readonly standing: Standing;
  /** One sentence: why the outcome is what it is. */
  readonly why: string;
  readonly seed: number | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly rules: readonly RuleVerdict[];
  /** Seconds from the loss, or from the shipping of the release, to each step; `null` where the step was not seen. */
  readonly steps_s: Readonly<Record<string, number | null>>;
  readonly harm: {
    readonly answers: number;
    readonly answers_of_next_release: number;
    readonly bad_answers_of_next_release: number;
    readonly bad_answers_of_others: number;
    readonly requests_without_answer: number;
    readonly exposure_s: number | null;
  } | null;
  /** `null` where nothing was to be recovered from. */
  readonly recovery: RecoverySummary | null;
}

/** The summary as a value. */
export function summaryOf(timeline: Timeline, verdict: Verdict, meta: RunMeta): Summary {
  const facts = factsOf(timeline);
  const harm = harmOf(facts, answersOf(facts));
  const from = facts.destroyed_at ?? facts.shipped_at;
  const steps = timeSplitOf(facts, harm).steps.map((step) => [step.id, seconds(from, step.at)] as const);
  const recovery = recoveryOf(facts);
  return {
    schema: 1,
    scenario: meta.scenario,
    title: meta.title,
    run_id: meta.run_id,
    started_at: meta.started_at,
    ended_at: meta.ended_at,
    outcome: verdict.outcome,
    standing: standingOfRun(verdict),
    why: explain(verdict),
    seed: facts.seed ?? null,
    versions: facts.versions,
    rules: verdict.rules,
    steps_s: Object.fromEntries(steps),
    harm: harm
      ? {
          answers: harm.answers,
          answers_of_next_release: harm.answers_of_next,
          bad_answers_of_next_release: harm.bad_of_next,
          bad_answers_of_others: harm.bad_of_others,
          requests_without_answer: harm.no_answer,
          exposure_s: seconds(harm.first_bad_at, harm.last_bad_at),
        }
      : null,
    recovery: recovery ? recoverySummary(recovery) : null,
  };
}

function seconds(from: number | undefined, to: number | undefined): number | null {
  return from === undefined || to === undefined ? null : Math.round(to - from) / 1000;
}

/** The summary as a file. */
export function renderSummaryJson(timeline: Timeline, verdict: Verdict, meta: RunMeta): string {
  return `${JSON.stringify(summaryOf(timeline, verdict, meta), null, 2)}\n`;
}
