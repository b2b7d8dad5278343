import { guardCluster } from '#harness/cluster/guard.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { listAt, textAt } from '#harness/core/kubernetes.ts';
import type { Draft } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { POD } from '#harness/kube/recording.ts';
import { flaggerRollout, type FlaggerRollout } from './flagger-rollout.ts';
import type { ScenarioEnvironment } from './environment.ts';
import type { ScenarioRun } from './scenario-run.ts';
import { versionOfImage } from './components-on.ts';

/** Where Flagger serves its metrics, among them its version. */
const METRICS_PORT = 8080;

/** The version in Flagger's metric `flagger_info`. */
export function versionInMetrics(text: string): string | undefined {
  return /^flagger_info\{[^}]*version="v?(?<version>[^"]+)"/m.exec(text)?.groups?.['version'];
}

/**
 * Reads which Flagger runs on a cluster: from its pod's image, and from what the program says of itself.
 * @throws UnfitError when no pod runs or it does not say
 */
async function readVersion(environment: ScenarioEnvironment): Promise<Draft> {
  const cluster = await guardCluster(environment.cluster);
  await using kube = kubeClient(cluster);
  const namespace = 'flagger-system';
  const pods = await kube.list({ ...POD, namespace, labels: 'app=flagger' });
  const pod = pods.find((one) => textAt(one, 'status', 'phase') === 'Running');
  if (pod === undefined) throw new UnfitError(`no pod of Flagger runs on ${cluster.name}`);
  const [container] = listAt(pod, 'spec', 'containers');
  const metrics = await kube.proxyGet({ namespace, pod: pod.metadata.name, port: METRICS_PORT }, '/metrics');
  return {
    source: 'harness',
    kind: 'running_version',
    subject: 'flagger',
    data: {
      cluster: cluster.name,
      image_version: versionOfImage(textAt(container, 'image') ?? '') ?? 'unknown',
      reported_version: versionInMetrics(metrics) ?? 'unknown',
    },
  };
}

/** Records which Flagger runs on a run's cluster. @throws UnfitError when no pod runs or it does not say */
export async function recordVersion({ environment, timeline }: ScenarioRun): Promise<void> {
  timeline.record(await readVersion(environment));
}

/** Two runs of one scenario, each on a cluster of its own. */
export interface TwoRuns {
  readonly older: ScenarioRun;
  readonly newer: ScenarioRun;
}

/**
 * Promotes a release on two clusters at the same time, whose Flaggers differ in their version. Each run is judged by
 * itself; both timelines hold the versions of both clusters.
 */
export async function twoVersions(
  { older, newer }: TwoRuns,
  rollout: FlaggerRollout,
): Promise<Readonly<Record<keyof TwoRuns, Verdict>>> {
  const runs = [older, newer];
  const read = await Promise.all(runs.map(({ environment }) => readVersion(environment)));
  const locked = Object.fromEntries(
    runs.map(({ environment }) => [environment.cluster.name, environment.versions['flagger'] ?? 'unknown']),
  );
  for (const { timeline } of runs) {
    timeline.record({
      source: 'harness',
      kind: 'expectation',
      subject: 'flagger',
      data: { of: 'versions', component: 'flagger', locked },
    });
    for (const one of read) timeline.record(one);
  }
  const [of_older, of_newer] = await Promise.all([
    flaggerRollout(older, rollout),
    flaggerRollout(newer, rollout),
  ]);
  return { older: of_older, newer: of_newer };
}
