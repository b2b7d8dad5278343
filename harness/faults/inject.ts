import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError } from '#harness/core/errors.ts';
import type { FaultData, Recorder } from '#harness/core/timeline.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { freshId, hasReceipt, leaseEnded, type Receipt, removeReceipt } from '#harness/lease/receipt.ts';
import { ensureWarden } from '#harness/lease/warden.ts';
import { claimTargets } from './claim.ts';
import type { Fault, FaultContext, FaultPlan, Probe } from './fault.ts';
import type { FaultHeal } from './heal.ts';
import { type FaultBounds, planFault } from './plan.ts';
import { PROOF_S, untilProven } from './proof.ts';

const RETRY_MS = 500;

/**
 * How far a fault has come: its receipt is on the disk and nothing is touched yet; it was injected; it was proven on; it
 * is about to be healed; it was proven off.
 */
export type Stage = 'receipt' | 'injected' | 'on' | 'healing' | 'gone';

export interface InjectOptions extends FaultBounds {
  readonly recorder?: Recorder;
  /** Told of each stage when it is reached. */
  readonly onStage?: (stage: Stage) => void;
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

/** One fault from its receipt to the proof that it is gone. */
class Injection {
  readonly #ctx: FaultContext;
  readonly #fault: Fault;
  readonly #plan: FaultPlan<unknown>;
  readonly #receipt: Receipt;
  readonly #told: Pick<InjectOptions, 'recorder' | 'onStage'>;
  #healing: Promise<Probe> | undefined;
  #lease: NodeJS.Timeout | undefined;

  constructor(
    ctx: FaultContext,
    fault: Fault,
    plan: FaultPlan<unknown>,
    receipt: Receipt,
    told: Pick<InjectOptions, 'recorder' | 'onStage'>,
  ) {
    this.#ctx = ctx;
    this.#fault = fault;
    this.#plan = plan;
    this.#receipt = receipt;
    this.#told = told;
  }

  /** @throws DeadlineError when it does not take in time, or its lease ends before it does */
  async inject(): Promise<Probe> {
    const { subject } = this.#receipt;
    const { state, targets, harm } = this.#plan;
    this.#ctx.progress(`injecting ${subject}`);
    this.#told.onStage?.('receipt');
    this.#say('injected', { detail: this.#fault.breaks, targets, harm });
    await this.#fault.inject(this.#ctx, state);
    this.#told.onStage?.('injected');
    const on = await untilProven(`${subject} to take`, () => this.#fault.probeOn(this.#ctx, state), {
      deadline_s: this.#fault.proof_s,
      signal: this.#ctx.signal,
    });
    if (await this.#healedByAnother()) {
      throw new DeadlineError(`${subject} to take within its lease`, this.#receipt.lease_s, on.seen, {
        next: 'Give it a longer lease.',
      });
    }
    this.#say('proven_on', { detail: on.seen });
    this.#ctx.progress(`${subject} is on: ${on.seen}`);
    this.#told.onStage?.('on');
    this.#healAtTheLeasesEnd();
    return on;
  }

  /** Heals and proves it, once; later callers get what the first one got. */
  heal(): Promise<Probe> {
    this.#healing ??= this.#heal({ lease_over: false });
    return this.#healing;
  }

  /** The warden heals it then as well; here it is recorded when it happens, not when somebody looks. */
  #healAtTheLeasesEnd(): void {
    const { created_at, lease_s } = this.#receipt;
    const left_ms = Date.parse(created_at) + lease_s * 1000 - Date.now();
    this.#lease = setTimeout(
      () => {
        // A timer may fire a moment before the wall clock says so.
        this.#healing ??= this.#heal({ lease_over: true });
        this.#healing.catch(() => undefined);
      },
      Math.max(left_ms, 0),
    );
    this.#lease.unref();
  }

  /** Whether its lease has run out, or somebody (the warden of a harness that was held up) settled its receipt. */
  async #healedByAnother(): Promise<boolean> {
    return leaseEnded(this.#receipt, new Date()) || !(await hasReceipt(this.#receipt.id));
  }

  async #heal({ lease_over }: { readonly lease_over: boolean }): Promise<Probe> {
    clearTimeout(this.#lease);
    const { subject, id } = this.#receipt;
    const { state } = this.#plan;
    const early = lease_over || (await this.#healedByAnother());
    this.#ctx.progress(`healing ${subject}`);
    this.#told.onStage?.('healing');
    await this.#untilHealed();
    this.#say('healed', {
      detail: early ? `${this.#fault.name} ended before the run undid it` : `${this.#fault.name} was undone`,
      by: early ? 'lease' : 'run',
    });
    // What was told to stop must still be put right, so the signal does not end this wait.
    const off = await untilProven(`${subject} to be gone`, () => this.#fault.probeOff(this.#ctx, state), {
      deadline_s: this.#fault.proof_s,
    });
    this.#say('proven_off', { detail: off.seen });
    await removeReceipt(id);
    this.#ctx.progress(`${subject} is gone: ${off.seen}`);
    this.#told.onStage?.('gone');
    return off;
  }

  /** What the fault broke may refuse the first attempt to undo it: a server that restarts, a container that thaws. */
  async #untilHealed(): Promise<void> {
    const deadline = performance.now() + PROOF_S * 1000;
    for (;;) {
      try {
        await this.#fault.heal(this.#ctx, this.#plan.state);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  #say(kind: 'injected' | 'proven_on' | 'healed' | 'proven_off', data: Omit<FaultData, 'fault'>): void {
    this.#told.recorder?.record({
      source: 'fault',
      kind,
      subject: this.#receipt.subject,
      data: { fault: this.#fault.name, ...data },
    });
  }
}

/**
 * Injects a fault that heals: its receipt is on the disk and the warden runs before anything is touched; it is proven
 * on before this returns, and proven off when it is given back. One that lives on until its lease ends heals then, and
 * the record says so: a run that still counted on it proves nothing.
 * @throws UsageError when it is refused, DeadlineError when it does not take; it is healed then
 */
export async function injectFault(
  ctx: FaultContext,
  fault: Fault,
  options: unknown,
  given: InjectOptions,
): Promise<ActiveFault> {
  const { lease_s, namespace } = given;
  const plan = await planFault(ctx, fault, options, given);
  await ensureWarden();
  const heal: FaultHeal = {
    fault: fault.name,
    cluster: ctx.cluster.name,
    uid: ctx.cluster.uid,
    namespace,
    targets: [...plan.targets],
    state: plan.state,
  };
  const receipt: Receipt = {
    id: `fault-${freshId()}`,
    kind: 'fault',
    subject: `${fault.name} on ${plan.targets.join(', ')}`,
    created_at: new Date().toISOString(),
    lease_s,
    owner: await thisProcess(),
    heal: { ...heal },
  };
  await claimTargets(receipt);
  const injection = new Injection(ctx, fault, plan, receipt, given);
  try {
    const on = await injection.inject();
    return {
      name: fault.name,
      plan,
      on,
      heal: () => injection.heal(),
      [Symbol.asyncDispose]: async () => {
        await injection.heal();
      },
    };
  } catch (error) {
    // The first error is the one to read; what cannot be healed now stays on its receipt.
    await injection.heal().catch(() => undefined);
    throw error;
  }
}
