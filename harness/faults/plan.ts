import { UsageError } from '#harness/core/errors.ts';
import { refuseMasked } from './claim.ts';
import type { Fault, FaultContext, FaultPlan } from './fault.ts';

/** Namespaces that a fault of a run's own parts may not name, whatever namespace the run says is its own. */
const NOT_OWN: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'default']);
/** Holds the proof that the cluster is one to act on: no fault may name it. */
const UNTOUCHABLE = 'mettle-system';

/** What bounds a fault, beside its own radius. */
export interface FaultBounds {
  /** The run's own namespace. */
  readonly namespace: string;
  /** Time after which it heals by itself, in seconds. */
  readonly lease_s: number;
  /** How long the run may last at most, in seconds: no lease is longer. */
  readonly run_s: number;
  /** True when nothing else runs on the cluster: faults of shared parts are refused otherwise. */
  readonly alone: boolean;
}

type Refuse = (why: string, next: string) => never;

function checkLease({ lease_s, run_s }: FaultBounds, refuse: Refuse): void {
  if (!(lease_s > 0)) refuse(`its lease is ${lease_s} s`, 'Give it a lease above 0 s.');
  if (lease_s > run_s) {
    refuse(
      `its lease of ${lease_s} s is longer than the run, which lasts ${run_s} s at most`,
      'Give it a shorter lease.',
    );
  }
}

function checkTargets(
  targets: readonly string[],
  { radius }: Fault,
  { namespace }: FaultBounds,
  refuse: Refuse,
): void {
  if (targets.length === 0) refuse('it names nothing', 'Name a target that exists.');
  const pods = targets.filter((target) => target.startsWith('Pod/')).length;
  if (pods > radius.pods_max) {
    refuse(
      `it would act on ${pods} pods, and its radius allows ${radius.pods_max}`,
      'Name fewer pods, or a smaller share of them.',
    );
  }
  for (const target of targets) {
    const [, named, name] = target.split('/');
    if (named === undefined || name === undefined) continue;
    if (named === UNTOUCHABLE || (radius.reach === 'own' && NOT_OWN.has(named))) {
      refuse(`the namespace ${named} is forbidden`, 'Name what belongs to the run.');
    }
    if (radius.reach === 'own' && named !== namespace) {
      refuse(`${target} is not in the run's own namespace ${namespace}`, 'Name what belongs to the run.');
    }
  }
}

/**
 * Reads what a fault would do, and refuses what must not be done. Touches nothing.
 * @throws UsageError for a fault that names nothing, reaches too far, lives too long, or would mask another
 */
export async function planFault(
  ctx: FaultContext,
  fault: Fault,
  options: unknown,
  bounds: FaultBounds,
): Promise<FaultPlan<unknown>> {
  const refuse: Refuse = (why, next) => {
    throw new UsageError(`fault ${fault.name} is refused: ${why}`, { next });
  };
  checkLease(bounds, refuse);
  const { namespace, alone } = bounds;
  // Said before the fault looks at anything there.
  if (namespace === UNTOUCHABLE || (fault.radius.reach === 'own' && NOT_OWN.has(namespace))) {
    refuse(`the namespace ${namespace} is forbidden`, 'Name the namespace of the run.');
  }
  if (fault.radius.reach === 'shared' && !alone) {
    refuse(
      'it breaks parts that others on the cluster use',
      'Run it in a scenario that declares `exclusive`; on the command line, add --alone.',
    );
  }
  const plan = await fault.plan(ctx, options, namespace);
  checkTargets(plan.targets, fault, bounds, refuse);
  await refuseMasked(fault.name, ctx.cluster.name, plan.targets);
  return plan;
}
