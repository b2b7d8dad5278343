import { type ActiveFault, injectFault } from '#harness/faults/inject.ts';
import { FAULTS } from '#harness/faults/catalogue.ts';
import { type Acting, LOAD_MAX_S } from './on-cluster.ts';

export interface FaultUse {
  /** Name in the catalogue. */
  readonly fault: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Time after which it heals by itself, in seconds. */
  readonly lease_s: number;
  /** True in scenarios that declare `exclusive` or `cluster`. */
  readonly alone?: boolean;
}

/**
 * Injects a fault into the run's cluster and records it; giving the result back heals it.
 * @throws UsageError when it is refused, DeadlineError when it does not take
 */
export async function withFault(
  { run, ctx, cluster, namespace }: Acting,
  use: FaultUse,
): Promise<ActiveFault> {
  const fault = FAULTS.find(({ name }) => name === use.fault);
  if (fault === undefined) throw new Error(`there is no fault ${use.fault}`);
  const { kube } = ctx;
  return await injectFault(
    { kube, cluster, progress: run.progress, signal: run.signal },
    fault,
    use.options ?? {},
    {
      namespace,
      lease_s: use.lease_s,
      run_s: LOAD_MAX_S,
      alone: use.alone ?? false,
      recorder: run.timeline,
    },
  );
}
