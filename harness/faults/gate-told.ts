import * as v from 'valibot';
import { UsageError } from '#harness/core/errors.ts';
import { ApiError } from '#harness/kube/api.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { GATE_PORT, resetGate, setGate } from '#harness/stack/gate.ts';
import type { FaultContext, FaultPlan, Probe } from './fault.ts';

/** Which webhooks of the run's namespace a fault of the gate is about. */
export const GatePath = v.optional(
  v.pipe(
    v.string(),
    v.startsWith('/'),
    v.description('beginning of the path of the hooks; every hook when absent'),
  ),
  '/',
);

/** What the gate is told for one namespace and path. */
export const GateTold = v.object({
  namespace: v.string(),
  path: v.string(),
  status: v.number(),
  delay_ms: v.number(),
});
type GateTold = v.InferOutput<typeof GateTold>;

/** @throws UsageError on a cluster without the gate */
export async function planGate(
  { kube }: FaultContext,
  state: GateTold,
  harm: string,
): Promise<FaultPlan<GateTold>> {
  if ((await kube.get({ ...DEPLOYMENT, namespace: 'gate', name: 'gate' })) === undefined) {
    throw new UsageError('the cluster has no gate', {
      next: 'Name the component gate among what is needed.',
    });
  }
  return { targets: [`Gate/${state.namespace}${state.path}`], harm, state };
}

export async function tellGate({ kube }: FaultContext, state: GateTold): Promise<void> {
  await setGate(kube, state);
}

export async function untellGate({ kube }: FaultContext, { namespace, path }: GateTold): Promise<void> {
  await resetGate(kube, namespace, path);
}

/** A hook as a controller would call it, marked as a question of ours; its status and how long it took. */
async function called(
  { kube }: FaultContext,
  { namespace, path }: GateTold,
): Promise<{ readonly status: number; readonly duration_ms: number }> {
  const from = performance.now();
  const status = await kube
    .proxyGet(GATE_PORT, path, { namespace, mettle_probe: 'fault' })
    .then(() => 200)
    .catch((error: unknown) => {
      if (error instanceof ApiError) return error.status;
      throw error;
    });
  return { status, duration_ms: performance.now() - from };
}

/** Whether a hook is answered as was told. */
export async function gateAnswers(ctx: FaultContext, state: GateTold): Promise<Probe> {
  const { status, duration_ms } = await called(ctx, state);
  return {
    holds: status === state.status && duration_ms >= state.delay_ms,
    seen: `a hook is answered ${status} after ${Math.round(duration_ms)} ms`,
  };
}

/** Whether a hook is answered as the others are: well, and at once. */
export async function gateIsOpen(ctx: FaultContext, state: GateTold): Promise<Probe> {
  const { status, duration_ms } = await called(ctx, state);
  return {
    holds: status === 200 && (state.delay_ms === 0 || duration_ms < state.delay_ms),
    seen: `a hook is answered ${status} after ${Math.round(duration_ms)} ms`,
  };
}
