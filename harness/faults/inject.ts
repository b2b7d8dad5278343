import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, messageOf, UsageError } from '#harness/core/errors.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { freshId, readReceipts, type Receipt, removeReceipt, writeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import type { Fault, FaultContext, FaultPlan, Probe } from './fault.ts';
import { type FaultHeal, readHeal } from './heal.ts';

/** Longest time until a fault must be seen to be there, or to be gone, in seconds. */
const PROOF_S = 30;
const PROBE_PAUSE_MS = 200;

/** Namespaces that no fault may name unless it is made for them. */
const FORBIDDEN = ['mettle-system', 'kube-system', 'kube-public', 'kube-node-lease', 'default'];

export interface InjectOptions {
  /** The run's own namespace. */
  readonly namespace: string;
  /** Time after which it heals by itself, in seconds. */
  readonly lease_s: number;
  /** How long the run may last at most, in seconds: no lease is longer. */
  readonly run_s: number;
  /** True when nothing else runs on the cluster: faults of shared parts are refused otherwise. */
  readonly alone: boolean;
  readonly recorder?: Recorder;
}

/** A fault that is there. Giving it back heals it and proves that it is gone. */
export interface ActiveFault extends AsyncDisposable {
  readonly name: string;
  readonly plan: FaultPlan<unknown>;
  /** What was seen of it. */
  readonly on: Probe;
  /** Heals it now; once only, whoever asks. @throws DeadlineError when it is not seen to be gone */
  heal(): Promise<Probe>;
}

/**
 * Reads what a fault would do, and refuses what must not be done. Touches nothing.
 * @throws UsageError for a fault that names nothing, reaches too far, lives too long, or would mask another
 */
export async function planFault(
  ctx: FaultContext,
  fault: Fault,
  options: unknown,
  given: Omit<InjectOptions, 'recorder'>,
): Promise<FaultPlan<unknown>> {
  const refuse = (why: string, next: string): never => {
    throw new UsageError(`fault ${fault.name} is refused: ${why}`, { next });
  };
  const { lease_s, run_s, namespace, alone } = given;
  if (!(lease_s > 0)) refuse(`its lease is ${lease_s} s`, 'Give it a lease above 0 s.');
  if (lease_s > run_s) {
    refuse(
      `its lease of ${lease_s} s is longer than the run, which lasts ${run_s} s at most`,
      'Give it a shorter lease.',
    );
  }
  if (fault.radius.reach === 'shared' && !alone) {
    refuse(
      'it breaks parts that others on the cluster use',
      'Run it in a scenario that declares `exclusive`.',
    );
  }
  const plan = await fault.plan(ctx, options, namespace);
  const { targets } = plan;
  if (targets.length === 0) refuse('it names nothing', 'Name a target that exists.');
  const pods = targets.filter((target) => target.startsWith('Pod/')).length;
  if (pods > fault.radius.pods_max) {
    refuse(
      `it would act on ${pods} pods, and its radius allows ${fault.radius.pods_max}`,
      'Name fewer pods, or a smaller share of them.',
    );
  }
  for (const target of targets) {
    const [, of_namespace, name] = target.split('/');
    if (name === undefined || of_namespace === undefined) continue;
    if (fault.radius.reach === 'own' && of_namespace !== namespace) {
      refuse(`${target} is not in the run's own namespace ${namespace}`, 'Name what belongs to the run.');
    }
    if (
      of_namespace === 'mettle-system' ||
      (FORBIDDEN.includes(of_namespace) && fault.radius.reach === 'own')
    ) {
      refuse(`the namespace ${of_namespace} is forbidden`, 'Name what belongs to the run.');
    }
  }
  for (const other of await activeFaults(ctx.cluster.name)) {
    const shared = other.targets.filter((target) => targets.includes(target));
    if (shared.length > 0) {
      refuse(
        `${other.fault} acts on ${shared.join(', ')} already: one would mask the other`,
        'Heal that one first.',
      );
    }
  }
  return plan;
}

async function activeFaults(cluster: string): Promise<readonly FaultHeal[]> {
  const { receipts } = await readReceipts();
  return receipts
    .filter(({ kind }) => kind === 'fault')
    .map(readHeal)
    .filter((one) => one.cluster === cluster);
}

/** Looks again and again until a probe holds: what it looks at offers no watch. */
async function untilProven(
  what: string,
  probe: () => Promise<Probe>,
  signal: AbortSignal | undefined,
): Promise<Probe> {
  const deadline = performance.now() + PROOF_S * 1000;
  for (;;) {
    const found = await probe().catch((error: unknown) => ({ holds: false, seen: messageOf(error) }));
    if (found.holds) return found;
    signal?.throwIfAborted();
    if (performance.now() > deadline) throw new DeadlineError(what, PROOF_S, found.seen);
    await delay(PROBE_PAUSE_MS);
  }
}

/**
 * Injects a fault that heals: its receipt is on the disk and the warden runs before anything is touched; it is proven
 * on before this returns, and proven off when it is given back.
 * @throws UsageError when it is refused, DeadlineError when it does not take; it is healed then
 */
export async function injectFault(
  ctx: FaultContext,
  fault: Fault,
  options: unknown,
  given: InjectOptions,
): Promise<ActiveFault> {
  const { lease_s, recorder } = given;
  const plan = await planFault(ctx, fault, options, given);
  const { targets, harm, state } = plan;
  const subject = `${fault.name} on ${targets.join(', ')}`;
  const say = (kind: 'injected' | 'proven_on' | 'healed' | 'proven_off', detail: string): void => {
    recorder?.record({
      source: 'fault',
      kind,
      subject,
      data: { fault: fault.name, detail, ...(kind === 'injected' ? { targets, harm } : {}) },
    });
  };
  await ensureWarden();
  const heal: FaultHeal = {
    fault: fault.name,
    cluster: ctx.cluster.name,
    uid: ctx.cluster.uid,
    targets: [...targets],
    state,
  };
  const receipt: Receipt = {
    id: `fault-${freshId()}`,
    kind: 'fault',
    subject,
    created_at: new Date().toISOString(),
    lease_s,
    owner: await thisProcess(),
    heal: { ...heal },
  };
  await writeReceipt(receipt);

  let healing: Promise<Probe> | undefined;
  const healNow = async (): Promise<Probe> => {
    ctx.progress(`healing ${subject}`);
    await fault.heal(ctx, state);
    say('healed', `${fault.name} was undone`);
    // What was told to stop must still be put right, so the signal does not end this wait.
    const off = await untilProven(`${subject} to be gone`, () => fault.probeOff(ctx, state), undefined);
    say('proven_off', off.seen);
    await removeReceipt(receipt.id);
    return off;
  };
  const healOnce = (): Promise<Probe> => {
    healing ??= healNow();
    return healing;
  };
  try {
    ctx.progress(`injecting ${subject}`);
    say('injected', fault.breaks);
    await fault.inject(ctx, state);
    const on = await untilProven(`${subject} to take`, () => fault.probeOn(ctx, state), ctx.signal);
    say('proven_on', on.seen);
    return {
      name: fault.name,
      plan,
      on,
      heal: healOnce,
      [Symbol.asyncDispose]: async () => {
        await healOnce();
      },
    };
  } catch (error) {
    // The first error is the one to read; what cannot be healed now stays on its receipt.
    await healOnce().catch(() => undefined);
    throw error;
  }
}
