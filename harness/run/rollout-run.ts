import type { RolloutSpec } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeRun } from '#harness/judge/judge-run.ts';
import { type ProfileName, profileOf } from '#harness/load/profiles.ts';
import { SHOP_ALERT } from '#harness/stack/alert-rules.ts';
import { SCRAPE_INTERVAL_S } from '#harness/stack/prometheus.ts';
import { type Acting, onCluster } from './on-cluster.ts';
import type { ScenarioRun } from './scenario-run.ts';

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
  return await onCluster(run, { act, judge: judgeRun });
}
