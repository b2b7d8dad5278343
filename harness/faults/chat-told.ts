import * as v from 'valibot';
import { PROBE_SENDER } from '#harness/core/chat-probe.ts';
import { UsageError } from '#harness/core/errors.ts';
import { DEPLOYMENT } from '#harness/kube/recording.ts';
import { setChatBehaviour } from '#harness/stack/chat.ts';
import type { FaultContext, FaultPlan, Probe } from './fault.ts';

/** What the chat is told about messages that speak of one namespace. */
export const ChatTold = v.object({ namespace: v.string(), status: v.number(), delay_ms: v.number() });
type ChatTold = v.InferOutput<typeof ChatTold>;

const TIMEOUT_MS = 125_000;

/** @throws UsageError on a cluster without the chat */
export async function planChat(
  { kube }: FaultContext,
  state: ChatTold,
  harm: string,
): Promise<FaultPlan<ChatTold>> {
  if ((await kube.get({ ...DEPLOYMENT, namespace: 'chat', name: 'chat' })) === undefined) {
    throw new UsageError('the cluster has no chat', {
      next: 'Name the component chat among what is needed.',
    });
  }
  return { targets: [`Chat/${state.namespace}/messages`], harm, state };
}

export async function tellChat({ cluster }: FaultContext, state: ChatTold): Promise<void> {
  const { namespace, status, delay_ms } = state;
  await setChatBehaviour(cluster, { status, delay_ms, for: { namespace } });
}

export async function untellChat({ cluster }: FaultContext, { namespace }: ChatTold): Promise<void> {
  await setChatBehaviour(cluster, { for: { namespace } });
}

/** Says something about the namespace, as a sender whom no run listens to. */
async function said(
  { cluster }: FaultContext,
  { namespace }: ChatTold,
): Promise<{ readonly status: number; readonly duration_ms: number }> {
  const from = performance.now();
  const response = await fetch(`http://127.0.0.1:${cluster.ports.chat}/hooks/rollouts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    body: JSON.stringify({
      channel: 'rollouts',
      username: PROBE_SENDER,
      text: 'is this heard?',
      attachments: [
        {
          fields: [
            { title: 'kind', value: 'Probe' },
            { title: 'name', value: PROBE_SENDER },
            { title: 'namespace', value: namespace },
          ],
        },
      ],
    }),
  });
  await response.arrayBuffer();
  return { status: response.status, duration_ms: performance.now() - from };
}

/** Whether a message is answered as was told. */
export async function chatAnswers(ctx: FaultContext, state: ChatTold): Promise<Probe> {
  const { status, duration_ms } = await said(ctx, state);
  return {
    holds: status === state.status && duration_ms >= state.delay_ms,
    seen: `a message is answered ${status} after ${Math.round(duration_ms)} ms`,
  };
}

/** Whether a message is taken as others are. */
export async function chatListens(ctx: FaultContext, state: ChatTold): Promise<Probe> {
  const { status, duration_ms } = await said(ctx, state);
  return {
    holds: status === 200 && (state.delay_ms === 0 || duration_ms < state.delay_ms),
    seen: `a message is answered ${status} after ${Math.round(duration_ms)} ms`,
  };
}
