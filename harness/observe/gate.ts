import { at, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import type { Draft, GateCallData, Recorder } from '#harness/core/timeline.ts';
import type { KubeClient } from '#harness/kube/client.ts';
import { GATE_PORT } from '#harness/stack/gate.ts';
import { observeSource } from './source.ts';

/** How long one request waits for a call: shorter than the API server's client waits for any answer. */
const WAIT_S = 20;

/** The record of one call of a controller, at the time at which it reached the gate. */
export function callDraft(call: unknown): Draft {
  const received = numberAt(call, 'received_at');
  const metadata = Object.entries(Object(at(call, 'metadata')));
  const data: GateCallData = {
    path: textAt(call, 'path') ?? '',
    status: numberAt(call, 'status') ?? 0,
    delay_ms: numberAt(call, 'delay_ms') ?? 0,
    phase: textAt(call, 'phase') ?? '',
    metadata: Object.fromEntries(metadata.map(([key, value]) => [key, String(value)])),
  };
  return {
    source: 'gate',
    kind: 'call',
    subject: textAt(call, 'subject') ?? 'Namespace/',
    ...(received === undefined ? {} : { at: received }),
    data,
  };
}

/** Ends when the signal is given, whatever becomes of the work; its end is then nobody's business. */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => undefined);
  }
}

/**
 * Records the webhooks that controllers call for a namespace from now on, as observer `gate`, each once it was answered.
 * It is asked through the API server: calls made while that is away are read when it is back. A gate that was restarted
 * has forgotten calls: the observer is lost then.
 */
export async function observeGate(
  kube: Pick<KubeClient, 'proxyGet'>,
  namespace: string,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  let store: string | undefined;
  let since = 0;
  const take = (answer: unknown): void => {
    const [id, last] = [textAt(answer, 'store_id'), numberAt(answer, 'last_seq') ?? 0];
    const restarted = store !== undefined && id !== store;
    if (store === undefined || restarted) [store, since] = [id, last];
    if (restarted) throw new Error('the gate was restarted and has forgotten its calls');
    // Calls for others are left out of the answer, but not of the count.
    since = Math.max(since, last);
    for (const call of listAt(answer, 'calls')) {
      // A question of a fault's own, whether it is there.
      if (at(call, 'metadata', 'mettle_probe') === undefined) recorder.record(callDraft(call));
    }
  };
  const ask = async (wait_s: number, signal: AbortSignal): Promise<void> => {
    // What was called before the observer began is not part of this run.
    const from = store === undefined ? { since: String(Number.MAX_SAFE_INTEGER) } : { since: String(since) };
    const query = { ...from, namespace, wait_s: String(store === undefined ? 0 : wait_s) };
    take(JSON.parse(await unlessStopped(kube.proxyGet(GATE_PORT, '/-/calls', query), signal)));
  };
  const read = (signal: AbortSignal): Promise<void> => ask(WAIT_S, signal);
  const finish = (signal: AbortSignal): Promise<void> => ask(0, signal);
  return await observeSource({ name: 'gate', period_ms: 0, read, finish }, recorder);
}
