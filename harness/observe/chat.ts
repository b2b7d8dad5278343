import { PROBE_SENDER } from '#harness/core/chat-probe.ts';
import { at, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import type { ChatMessageData, Draft, Recorder } from '#harness/core/timeline.ts';
import { observeSource, readJson, within } from './source.ts';

/** How long one request waits for a message, and how much longer its answer may take. */
const WAIT_S = 20;
const GRACE_MS = 5_000;

const SEVERITIES = ['good', 'warning', 'danger'] as const;

function messageData(message: unknown): ChatMessageData {
  const fields = Object.entries(Object(at(message, 'fields')));
  const dialect = textAt(message, 'dialect');
  return {
    sender: textAt(message, 'sender') ?? 'unknown',
    ...(dialect === undefined ? {} : { dialect }),
    channel: textAt(message, 'channel') ?? '',
    text: textAt(message, 'text') ?? '',
    severity: SEVERITIES.find((one) => one === at(message, 'severity')) ?? 'unknown',
    fields: Object.fromEntries(fields.map(([key, value]) => [key, String(value)])),
  };
}

/**
 * What a message is about, as far as its sender says: `Kind/namespace/name`, or `Alert/name`, because an alert is no
 * object of a namespace. Where it says nothing, the sender.
 */
function topicOf(message: unknown, sender: string): { subject: string; namespace?: string } {
  const [kind, name] = [textAt(message, 'about', 'kind'), textAt(message, 'about', 'name')];
  const namespace = textAt(message, 'about', 'namespace') ?? textAt(message, 'fields', 'namespace');
  const about = namespace === undefined ? {} : { namespace };
  if (kind === undefined || name === undefined) return { subject: `Sender/${sender}`, ...about };
  const path = kind === 'Alert' || namespace === undefined ? [kind, name] : [kind, namespace, name];
  return { subject: path.join('/'), ...about };
}

/**
 * The record of one stored message; undefined when it is about another run's namespace, or a fault's own question.
 * @param namespace the run's own
 */
export function messageDraft(message: unknown, namespace: string): Draft | undefined {
  const data = messageData(message);
  if (data.sender === PROBE_SENDER) return undefined;
  const topic = topicOf(message, data.sender);
  if (topic.namespace !== undefined && topic.namespace !== namespace) return undefined;
  const received = numberAt(message, 'received_at');
  return {
    source: 'chat',
    kind: 'message',
    subject: topic.subject,
    ...(received === undefined ? {} : { at: received }),
    data,
  };
}

/**
 * Records messages that reach the chat from now on, as observer `chat`, by requests that wait for the next one.
 * A chat that was restarted has forgotten messages: the observer is lost then.
 */
export async function observeChat(
  port: number,
  namespace: string,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const address = `http://127.0.0.1:${port}/messages`;
  let store: string | undefined;
  let since = 0;
  const take = (answer: unknown): void => {
    const id = textAt(answer, 'store_id');
    const last = numberAt(answer, 'last_seq') ?? 0;
    if (store === undefined) {
      // What was said before the observer began is not part of this run.
      store = id;
      since = last;
      return;
    }
    if (id !== store) {
      store = id;
      since = last;
      throw new Error('the chat was restarted and has forgotten its messages');
    }
    for (const message of listAt(answer, 'messages')) {
      since = Math.max(since, numberAt(message, 'seq') ?? since);
      const draft = messageDraft(message, namespace);
      if (draft) recorder.record(draft);
    }
  };
  const ask = async (wait_s: number, signal: AbortSignal): Promise<void> => {
    const query = store === undefined ? '' : `?since=${since}&wait_s=${wait_s}`;
    take(await readJson(`${address}${query}`, within(signal, wait_s * 1000 + GRACE_MS)));
  };
  const read = (signal: AbortSignal): Promise<void> => ask(WAIT_S, signal);
  const finish = (signal: AbortSignal): Promise<void> => ask(0, signal);
  return await observeSource({ name: 'chat', period_ms: 0, read, finish }, recorder);
}
