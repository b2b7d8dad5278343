import type { Cluster } from '#harness/cluster/types.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { component } from './component.ts';

/** The chat sink: stores what controllers say, and can be told to behave badly. */
export const chat = component({ name: 'chat', namespace: 'chat' });

/** How the chat treats whoever posts a message; what is left out is as it was at the start. */
export interface ChatBehaviour {
  /** Time before the answer, in ms; the message is stored at once. */
  readonly delay_ms?: number;
  /** Status of the answer; from 400 on nothing is stored. */
  readonly status?: number;
  /** Answers as if all were well and stores nothing. */
  readonly drop?: boolean;
}

const TIMEOUT_MS = 5_000;

/**
 * Tells the chat how to treat senders.
 * @throws UnfitError when the chat refuses or does not answer
 */
export async function setChatBehaviour(cluster: Cluster, behaviour: ChatBehaviour): Promise<void> {
  const url = `http://127.0.0.1:${cluster.ports.chat}/behaviour`;
  const response = await fetch(url, {
    method: 'PUT',
    body: JSON.stringify(behaviour),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new UnfitError(`the chat at ${url} does not answer`, { cause: error });
  });
  if (!response.ok)
    throw new UnfitError(`the chat refused ${JSON.stringify(behaviour)}: ${await response.text()}`);
}
