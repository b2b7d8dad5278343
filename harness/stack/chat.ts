import { UnfitError } from '#harness/core/errors.ts';
import { listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import { component } from './component.ts';

/** The chat sink: stores what controllers say, and can be told to behave badly. */
export const chat = component({
  name: 'chat',
  namespace: 'chat',
  access: [{ service: 'chat', note: 'what was said: /messages' }],
});

/** Where a chat answers: that of a cluster, or one beside it. */
interface ChatPlace {
  /** Ports on 127.0.0.1. */
  readonly ports: { readonly chat: number };
}

/** How the chat treats whoever posts a message; what is left out is as it was at the start. */
export interface ChatBehaviour {
  /** Time before the answer, in ms; the message is stored at once. */
  readonly delay_ms?: number;
  /** Status of the answer; from 400 on nothing is stored. */
  readonly status?: number;
  /** Word of a refusal, as `channel_not_found`: the Web API answers it with status 200, webhooks with 404. */
  readonly error?: string;
  /** Sent with an error; 1 with status 429 when absent. */
  readonly retry_after_s?: number;
  /** Answers as if all were well and stores nothing. */
  readonly drop?: boolean;
  /** Only messages of this sender, about this namespace, posted to paths that begin so: all that is given must fit. */
  readonly for?: { readonly sender?: string; readonly namespace?: string; readonly path?: string };
  /** Only so many messages; afterwards it is as if it had not been told. */
  readonly times?: number;
}

const TIMEOUT_MS = 5_000;

/**
 * Tells the chat how to treat senders. With `for`, scenarios side by side do not disturb one another; what was told for
 * the same scope before is replaced, and nothing but `for` takes it back.
 * @throws UnfitError when the chat refuses or does not answer
 */
export async function setChatBehaviour(place: ChatPlace, behaviour: ChatBehaviour): Promise<void> {
  await ask(place, { method: 'PUT', body: JSON.stringify(behaviour) });
}

/**
 * How many messages met the behaviour that was told for a scope; 0 when none was told.
 * @throws UnfitError when the chat does not answer
 */
export async function messagesMet(
  place: ChatPlace,
  { sender, namespace, path }: NonNullable<ChatBehaviour['for']>,
): Promise<number> {
  const told = listAt(JSON.parse(await ask(place, { method: 'GET' })), 'scoped').find(
    (one) =>
      textAt(one, 'for', 'sender') === sender &&
      textAt(one, 'for', 'namespace') === namespace &&
      textAt(one, 'for', 'path') === path,
  );
  return numberAt(told, 'met') ?? 0;
}

async function ask(
  { ports }: ChatPlace,
  request: { readonly method: string; readonly body?: string },
): Promise<string> {
  const url = `http://127.0.0.1:${ports.chat}/behaviour`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { ...request, signal }).catch((error: unknown) => {
    throw new UnfitError(`the chat at ${url} does not answer`, { cause: error });
  });
  const text = await response.text();
  if (!response.ok) throw new UnfitError(`the chat refused ${request.body ?? request.method}: ${text}`);
  return text;
}
