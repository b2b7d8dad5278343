import type { TimelineRecord } from '../timeline.ts';
import { seededRandom } from './random.ts';
import { argoChatRecords, argoClusterRecords } from './synthetic-argo-cluster.ts';
import { argoPlanOf, type SyntheticArgoOptions } from './synthetic-argo-plan.ts';
import { alertRecords } from './synthetic-cluster.ts';
import { loadRecords } from './synthetic-load.ts';
import { harnessRecords, numbered } from './synthetic-run.ts';

export type { SyntheticArgoOptions } from './synthetic-argo-plan.ts';

/**
 * A made-up but realistic record of one rollout by Argo Rollouts, for tests of rules and reports. By default: a
 * canary with half its answers bad, three failed measurements, an abort after 20 s. Each option breaks or varies one
 * thing. The same options give the same records.
 */
export function syntheticArgoRun(options: SyntheticArgoOptions = {}): TimelineRecord[] {
  const plan = argoPlanOf(options);
  const random = seededRandom(plan.options.seed);
  return numbered([
    ...harnessRecords(plan),
    ...argoClusterRecords(plan),
    ...loadRecords(plan, random),
    ...alertRecords(plan),
    ...argoChatRecords(plan),
  ]);
}
