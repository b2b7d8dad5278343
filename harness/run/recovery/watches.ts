/** Who watches a cluster while a recovery is judged by what it sees. */
import { observeAlertmanager } from '#harness/observe/alerts.ts';
import { observeKubernetes } from '#harness/observe/kubernetes.ts';
import type { ScenarioRun } from '../scenario-run.ts';
import type { Reached } from './ground.ts';

/** Watches what Flagger does with the run's shop. */
export async function watchRollouts(run: ScenarioRun, { kube }: Reached): Promise<AsyncDisposable> {
  return await observeKubernetes(kube, { namespace: run.run_id, controller: 'flagger' }, run.timeline);
}

/** Watches which alerts the cluster's own Alertmanager has of the run's shop. */
export async function watchAlerts(run: ScenarioRun, { cluster }: Reached): Promise<AsyncDisposable> {
  return await observeAlertmanager(cluster.ports.alertmanager, run.run_id, run.timeline);
}
