import { OFFSITE_OBSERVERS } from '#harness/core/recovery.ts';
import type { Draft, Recorder } from '#harness/core/timeline.ts';
import type { Watch } from '#harness/offsite/watch.ts';
import { type AlertSubject, observeAlert, observeAlertmanager } from './alerts.ts';
import { observeChat } from './chat.ts';

/** The draft as one of off-site: it must not be taken for what the cluster's own Prometheus, Alertmanager or chat says. */
function fromOffsite(draft: Draft): Draft {
  if (draft.source === 'harness' && draft.kind === 'observer') {
    return { ...draft, subject: observerName(draft.subject) };
  }
  if (draft.source === 'prometheus' && draft.kind === 'alert') {
    return { ...draft, data: { ...draft.data, site: 'offsite' } };
  }
  if (draft.source === 'alertmanager') return { ...draft, data: { ...draft.data, site: 'offsite' } };
  if (draft.source === 'chat') return { ...draft, data: { ...draft.data, site: 'offsite' } };
  return draft;
}

function observerName(name: string): string {
  const names: Readonly<Record<string, string>> = OFFSITE_OBSERVERS;
  return names[name] ?? name;
}

/**
 * Records what the watch off-site sees and says of an alert, as the observers of `OFFSITE_OBSERVERS`. Nothing of it is in the
 * cluster, so it is watched through the cluster's loss.
 */
export async function observeWatch(
  { ports }: Pick<Watch, 'ports'>,
  alert: AlertSubject,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const outside: Recorder = { record: (draft) => recorder.record(fromOffsite(draft)) };
  await using observers = new AsyncDisposableStack();
  observers.use(await observeAlert(ports.prometheus, alert, outside));
  observers.use(await observeAlertmanager(ports.alertmanager, alert.namespace, outside));
  observers.use(await observeChat(ports.chat, alert.namespace, outside));
  return observers.move();
}
