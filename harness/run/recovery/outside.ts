/** The watch over a cluster that stands where the cluster's loss does not reach it. */
import type { RecoveryExpectation } from '#harness/core/recovery.ts';
import { QUIET_INTERVALS, toldOfEndWithin_s } from '#harness/judge/rules/recovery-told.ts';
import { observeWatch } from '#harness/observe/offsite.ts';
import type { TimelineCondition } from '#harness/observe/recorder.ts';
import { gatewayOf } from '#harness/offsite/network.ts';
import type { Offsite } from '#harness/offsite/offsite.ts';
import { CLUSTER_GONE, WATCH_TIMES } from '#harness/offsite/watch-config.ts';
import { shopHost } from '#harness/stack/shop.ts';
import { unlessLate } from '../on-cluster.ts';
import { passes } from '../passes.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import type { Reached } from './ground.ts';

const WATCH = { alert: CLUSTER_GONE, ...WATCH_TIMES } as const;

/** What is expected of a watch when the whole cluster is lost. */
export const OUTSIDE: Required<Pick<RecoveryExpectation, 'alerts' | 'watch'>> = {
  alerts: [CLUSTER_GONE],
  watch: WATCH,
};

/** How much later than its budget a message may come and still be seen to be late. */
const LATE_S = 10;

/** Lets the watch off-site look at the run's shop as users do, and records what it sees and says until it is given back. */
export async function watchFromOutside(
  run: ScenarioRun,
  offsite: Offsite,
  { cluster }: Reached,
): Promise<AsyncDisposable> {
  const namespace = run.run_id;
  const watch = offsite.watch();
  await watch.over({
    ...(await gatewayOf(cluster)),
    host: shopHost(namespace),
    cluster: cluster.name,
    namespace,
  });
  return await observeWatch(watch, { name: CLUSTER_GONE, namespace }, run.timeline);
}

const TOLD_OF_END: TimelineCondition = {
  awaited: 'the chat off-site to be told that it is over',
  holds: (timeline) =>
    timeline.of('chat', 'message').some(({ data }) => data.site === 'offsite' && data.severity === 'good'),
};

/** Waits until the chat off-site is told that it is over, and for as long as silence must last to mean something. */
export async function untilSilent(run: ScenarioRun): Promise<void> {
  await unlessLate(run, () => run.timeline.until(TOLD_OF_END, toldOfEndWithin_s(WATCH) + LATE_S, run.signal));
  const last = run.timeline
    .snapshot()
    .of('chat', 'message')
    .findLast(({ data }) => data.site === 'offsite');
  const quiet_ms = QUIET_INTERVALS * WATCH.group_interval_s * 1000;
  const left_ms = last === undefined ? 0 : last.at + quiet_ms - Date.now();
  // One second more than the rule asks for: the observer's last look must lie behind the silence.
  if (left_ms > -1000) await passes(run, left_ms / 1000 + 1);
}
