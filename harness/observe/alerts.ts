import { at, listAt, numberAt, textAt } from '#harness/core/kubernetes.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import { observeSource, readJson, within } from './source.ts';

/** Which alert of which namespace is followed. */
export interface AlertSubject {
  readonly name: string;
  readonly namespace: string;
}

type AlertState = 'inactive' | 'pending' | 'firing';

const PERIOD_MS = 1_000;
const TIMEOUT_MS = 2_000;

/**
 * The state of an alert for one namespace in an answer of `/api/v1/rules`.
 * @throws Error when no such rule is loaded or its last evaluation failed: silence would mean nothing
 */
export function alertState(answer: unknown, alert: AlertSubject): { state: AlertState; value?: number } {
  const rules = listAt(answer, 'data', 'groups').flatMap((group) => listAt(group, 'rules'));
  const rule = rules.find((one) => textAt(one, 'name') === alert.name);
  if (rule === undefined) throw new Error(`Prometheus has no alert rule ${alert.name}`);
  const health = textAt(rule, 'health');
  if (health === 'err') {
    throw new Error(`the alert rule ${alert.name} cannot be evaluated: ${textAt(rule, 'lastError') ?? ''}`);
  }
  const states = listAt(rule, 'alerts').filter(
    (one) => textAt(one, 'labels', 'namespace') === alert.namespace,
  );
  const firing = states.find((one) => at(one, 'state') === 'firing');
  const active = firing ?? states.find((one) => at(one, 'state') === 'pending');
  if (active === undefined) return { state: 'inactive' };
  const value = Number(textAt(active, 'value') ?? numberAt(active, 'value'));
  const state = firing ? 'firing' : 'pending';
  return Number.isFinite(value) ? { state, value } : { state };
}

/**
 * Records the state of an alert in Prometheus at the start and at each change, as observer `prometheus`. Prometheus
 * offers no watch, so it is asked each second.
 */
export async function observeAlert(
  port: number,
  alert: AlertSubject,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const url = `http://127.0.0.1:${port}/api/v1/rules?type=alert&rule_name[]=${encodeURIComponent(alert.name)}`;
  let last: AlertState | undefined;
  const read = async (signal: AbortSignal): Promise<void> => {
    const data = alertState(await readJson(url, within(signal, TIMEOUT_MS)), alert);
    if (data.state === last) return;
    last = data.state;
    recorder.record({ source: 'prometheus', kind: 'alert', subject: alert.name, data });
  };
  return await observeSource({ name: 'prometheus', period_ms: PERIOD_MS, read, finish: read }, recorder);
}

/** Records when Alertmanager takes up and resolves alerts of a namespace, as observer `alertmanager`. */
export async function observeAlertmanager(
  port: number,
  namespace: string,
  recorder: Recorder,
): Promise<AsyncDisposable> {
  const filter = encodeURIComponent(`namespace="${namespace}"`);
  const url = `http://127.0.0.1:${port}/api/v2/alerts?filter=${filter}`;
  const active = new Map<string, { starts_at: number; labels: Record<string, string> }>();
  const record = (
    state: 'active' | 'resolved',
    alert: { starts_at: number; labels: Record<string, string> },
  ) => {
    const subject = alert.labels['alertname'] ?? 'unnamed';
    recorder.record({ source: 'alertmanager', kind: 'alert', subject, data: { state, ...alert } });
  };
  const read = async (signal: AbortSignal): Promise<void> => {
    const answer = await readJson(url, within(signal, TIMEOUT_MS));
    const seen = new Set<string>();
    for (const one of listAt(answer)) {
      const fingerprint = textAt(one, 'fingerprint') ?? JSON.stringify(at(one, 'labels'));
      seen.add(fingerprint);
      if (active.has(fingerprint)) continue;
      const labels = Object.fromEntries(
        Object.entries(Object(at(one, 'labels'))).map(([k, v]) => [k, String(v)]),
      );
      const alert = { starts_at: Date.parse(textAt(one, 'startsAt') ?? ''), labels };
      active.set(fingerprint, alert);
      record('active', alert);
    }
    for (const [fingerprint, alert] of active) {
      if (seen.has(fingerprint)) continue;
      active.delete(fingerprint);
      record('resolved', alert);
    }
  };
  return await observeSource({ name: 'alertmanager', period_ms: PERIOD_MS, read, finish: read }, recorder);
}
