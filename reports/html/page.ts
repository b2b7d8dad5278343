import { h, type JSX } from 'preact';
import type { Timeline } from '#harness/core/timeline.ts';
import { standingOfRun, type Verdict } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import { answersOf } from '../model/answers.ts';
import { harmOf } from '../model/harm.ts';
import { marksOf } from '../model/marks.ts';
import { migrationOf } from '../model/migration.ts';
import { type Recovery, recoveryOf } from '../model/recovery/recovery.ts';
import { timeSplitOf } from '../model/split.ts';
import { factsOf, type RunFacts } from '../model/run-facts.ts';
import { STANDING_WORDS } from '../model/standing.ts';
import { About } from './sections/about.ts';
import { Banner } from './sections/banner.ts';
import { Comparison } from './sections/comparison.ts';
import { Decisions } from './sections/decisions.ts';
import { Figures } from './sections/figures.ts';
import { Migration } from './sections/migration.ts';
import { Milestones } from './sections/milestones.ts';
import { Picture } from './sections/picture.ts';
import { Backups } from './sections/recovery/backups.ts';
import { Orders } from './sections/recovery/orders.ts';
import { Sameness } from './sections/recovery/sameness.ts';
import { RecoverySteps } from './sections/recovery/steps.ts';
import { Rules } from './sections/rules.ts';
import { pageOf } from './shell.ts';

/**
 * The run as one self-contained page: no network, no script, light and dark, printable.
 * Pure; whatever the timeline lacks is shown as "no data".
 */
export function renderHtml(timeline: Timeline, verdict: Verdict, meta: RunMeta): string {
  const facts = factsOf(timeline);
  const answers = answersOf(facts);
  const harm = harmOf(facts, answers);
  const split = timeSplitOf(facts, harm);
  const { marks, left_off } = marksOf(facts);
  const compared = timeline.of('load', 'compared')[0]?.data;
  const recovery = recoveryOf(facts);
  const migration = migrationOf(facts);
  return pageOf(
    `${STANDING_WORDS[standingOfRun(verdict)]}: ${meta.scenario}`,
    h(Banner, { verdict, meta }),
    h(Figures, { facts, harm, milestones: split.steps, recovery }),
    h(Rules, { verdict }),
    ...(recovery ? recoverySections(facts, recovery) : []),
    migration === undefined ? null : h(Migration, { facts, migration }),
    recovery || split.steps.length === 0 ? null : h(Milestones, { facts, split }),
    compared === undefined ? null : h(Comparison, { compared }),
    h(Picture, { facts, answers, marks, harm }),
    h(Decisions, { facts, marks, left_off }),
    h(About, { facts, meta }),
  );
}

/** A recovery is told in steps, orders, backups and what differs. */
function recoverySections(facts: RunFacts, recovery: Recovery): readonly JSX.Element[] {
  return [
    h(RecoverySteps, { facts, recovery }),
    h(Orders, { facts, recovery }),
    h(Backups, { facts, backups: recovery.backups }),
    h(Sameness, { recovery }),
  ];
}
