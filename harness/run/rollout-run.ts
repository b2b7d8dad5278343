import { contractSetFor } from '#harness/core/contracts/sets.ts';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { promotionBudget_s, rollbackBudget_s } from '#harness/judge/budgets.ts';
import { judgeRun } from '#harness/judge/judge-run.ts';
import { type ProfileName, profileOf } from '#harness/load/profiles.ts';
import { SHOP_ALERT } from '#harness/stack/alert-rules.ts';
import { SCRAPE_INTERVAL_S } from '#harness/stack/prometheus.ts';
import { type Acting, onCluster, STEADY_S } from './on-cluster.ts';
import type { RolloutExtras } from './rollout-extras.ts';
import type { ScenarioRun } from './scenario-run.ts';

/** Names of the two releases: what serves before, and what is shipped. */
export const STABLE = 'v1';
export const NEXT = 'v2';

/** Release document of what serves before. */
export const STABLE_DOCUMENT = 'good';

/** Added to the budget of the end state, so that a late end is seen, and judged as late. */
const LATE_S = 15;

/** Longest wait for the end that the specification promises, in seconds. */
export function endDeadline_s(spec: RolloutSpec): number {
  return (spec.expected === 'rollback' ? rollbackBudget_s(spec) : promotionBudget_s(spec)) + LATE_S;
}

/** What a run is to settle, beside the usual rules. */
export interface Settles {
  /** Ids of contracts. */
  readonly contracts: readonly string[];
  /** Rules of the usual set that do not apply, by id, each with the reason. */
  readonly rules_left_out?: Readonly<Record<string, string>>;
  readonly known_break?: NonNullable<RolloutSpec['known_break']>;
  readonly accuracy?: NonNullable<RolloutSpec['accuracy']>;
}

/** Left out where no user may ever meet the release. */
export const NEVER_SERVES: Readonly<Record<string, string>> = {
  exposure: 'no user may meet the release at all',
  harm: 'no user may meet the release at all',
  'traffic-share': 'no share is ever declared',
  'judge-saw': 'there is no traffic to measure',
  'fault-took': 'its defect shows before it serves',
};

/** The part of a specification that says what is settled, and what is done at which moment. */
export function settlesSpec({
  settles,
  extras,
}: {
  readonly settles?: Settles | undefined;
  readonly extras?: RolloutExtras | undefined;
}): Pick<RolloutSpec, 'contracts' | 'rules_left_out' | 'known_break' | 'accuracy' | 'moments'> {
  const moments = extras?.during?.map(({ name }) => name) ?? [];
  return { ...settles, ...(moments.length > 0 ? { moments } : {}) };
}

/** The load that a scenario asks for, unless the person who runs it asked for another. */
export function loadOf({ environment }: ScenarioRun, profile: ProfileName): ProfileName {
  return environment.load ?? profile;
}

/** Longest wait until what users met has left the alert's window, in seconds. */
export function alertDeadline_s({ alert, scrape_interval_s }: RolloutSpec): number {
  return alert.window_s + 2 * scrape_interval_s + STEADY_S;
}

/** What every rollout declares alike, whoever carries it out. */
export function commonSpec({
  load,
  bad_answers_pct,
}: {
  readonly load: ProfileName;
  readonly bad_answers_pct: number;
}): Pick<RolloutSpec, 'scrape_interval_s' | 'load' | 'bad_answers_pct' | 'alert'> {
  return {
    scrape_interval_s: SCRAPE_INTERVAL_S,
    load: { profile: load, rate_per_s: profileOf(load).rate_per_s },
    bad_answers_pct,
    alert: { ...SHOP_ALERT },
  };
}

/** Declares a rollout in the timeline, carries out its acts on the run's cluster, and judges what was recorded. */
export async function runRollout(
  run: ScenarioRun,
  spec: RolloutSpec,
  act: (acting: Acting) => Promise<void>,
): Promise<Verdict> {
  run.timeline.record({
    source: 'harness',
    kind: 'spec',
    subject: `${spec.namespace}/${spec.app}`,
    data: spec,
  });
  const { remark } = contractSetFor(spec.controller, run.environment.versions[spec.controller]);
  if (remark !== undefined && spec.contracts?.length) {
    run.note(remark);
    run.progress(remark);
  }
  return await onCluster(run, { act, judge: judgeRun });
}
