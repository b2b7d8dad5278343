import type { RolloutSpec } from '../rollout-spec.ts';
import type { ChatMessageData, Draft, EpochMs } from '../timeline.ts';
import { GATEWAY_DELAY_MS, NEXT_RELEASE, STABLE_RELEASE, type SyntheticPlan } from './synthetic-plan.ts';

type Timed = Draft & { readonly at: EpochMs };
type Fields = Record<string, string | number | boolean>;

/** Delay between a change in the cluster and the watch that reports it, in ms. */
const WATCH_DELAY_MS = 25;

/** Pause between two readings of the data plane's live configuration, in ms. */
const READ_EVERY_MS = 200;

/** How soon the data plane must follow, in ms. */
const FOLLOW_MS = 1100;

const running = (release: string): Fields => ({ phase: 'Running', ready: true, restarts: 0, release });

/** What watchers of the cluster saw: Canary, Deployments, pods, events and the gateway's weights. */
export function clusterRecords(plan: SyntheticPlan): Timed[] {
  const { namespace, app } = plan.spec;
  const canary = `Canary/${namespace}/${app}`;
  const route = `TraefikService/${namespace}/${app}`;
  const records: Timed[] = [];
  let version = 4_000;

  const object = (
    at: EpochMs,
    subject: string,
    verb: 'listed' | 'added' | 'modified' | 'deleted',
    fields: Fields,
  ) => {
    version += 7;
    records.push({
      at: at + WATCH_DELAY_MS,
      source: 'kubernetes',
      kind: 'object',
      subject,
      data: { verb, resource_version: String(version), generation: 1, fields },
    });
  };
  const state = (at: EpochMs, phase: string, weight_pct: number, failed_checks: number) =>
    object(at, canary, 'modified', { phase, weight_pct, failed_checks });
  const event = (at: EpochMs, message: string, type: 'Normal' | 'Warning' = 'Normal') =>
    records.push({
      // An Event's own time has whole seconds only.
      at: Math.floor(at / 1000) * 1000,
      clock_error_ms: 1000,
      source: 'kubernetes',
      kind: 'event',
      subject: canary,
      data: { type, reason: 'Synced', message, count: 1, reporter: 'flagger' },
    });
  const weight = (at: EpochMs, canary_pct: number) => {
    const data = { primary_pct: 100 - canary_pct, canary_pct, gateway: 'traefik' };
    records.push(
      { at: at + WATCH_DELAY_MS, source: 'gateway', kind: 'weight', subject: route, data },
      {
        at: at + GATEWAY_DELAY_MS + READ_EVERY_MS,
        clock_error_ms: READ_EVERY_MS,
        source: 'gateway',
        kind: 'weight',
        subject: 'Pod/gateway/traefik-5d4f-x2c',
        data: { ...data, read_from: 'live' },
      },
    );
  };
  const pod = (name: string) => `Pod/${namespace}/${name}`;
  const primaryPods = [`${app}-primary-6d9c7b-k2x`, `${app}-primary-6d9c7b-p8d`];
  const canaryPods = [`${app}-7f5c9d-4hq`, `${app}-7f5c9d-zt6`];

  object(plan.started_at, canary, 'listed', { phase: 'Initialized', weight_pct: 0, failed_checks: 0 });
  object(plan.started_at, `Deployment/${namespace}/${app}-primary`, 'listed', { replicas: 2, ready: 2 });
  object(plan.started_at, `Deployment/${namespace}/${app}`, 'listed', { replicas: 0, ready: 0 });
  for (const name of primaryPods) object(plan.started_at, pod(name), 'listed', running(STABLE_RELEASE));
  records.push({
    at: plan.started_at,
    source: 'gateway',
    kind: 'bound',
    subject: `${namespace}/${app}`,
    data: { gateway: 'traefik', follow_ms: FOLLOW_MS, derivation: 'a throttle and an allowance' },
  });
  weight(plan.started_at, 0);

  event(plan.seen_at, `New revision detected! Scaling up ${app}.${namespace}`);
  state(plan.seen_at + 60, 'Progressing', 0, 0);
  object(plan.seen_at + 90, `Deployment/${namespace}/${app}`, 'modified', { replicas: 2, ready: 0 });
  for (const [index, name] of canaryPods.entries()) {
    const starting: Fields = { phase: 'Pending', ready: false, restarts: 0, release: NEXT_RELEASE };
    object(plan.seen_at + 200 + index, pod(name), 'added', starting);
    object(plan.canary_ready_at - 300 + index * 200, pod(name), 'modified', running(NEXT_RELEASE));
  }
  object(plan.canary_ready_at, `Deployment/${namespace}/${app}`, 'modified', { replicas: 2, ready: 2 });

  for (const step of plan.weights) {
    weight(step.at, step.canary_pct);
    if (step.canary_pct === 0) continue;
    if (step === plan.weights[0]) event(step.at, `Starting canary analysis for ${app}.${namespace}`);
    event(step.at, `Advance ${app}.${namespace} canary weight ${step.canary_pct}`);
    state(step.at + 30, 'Progressing', step.canary_pct, 0);
  }

  for (const [index, at] of plan.failed_checks_at.entries()) {
    const { name, max_pct } = plan.spec.check;
    const found = (plan.options.bad_pct * (1 - 0.02 * (index % 3))).toFixed(2);
    const message = plan.options.prometheus
      ? `Halt ${app}.${namespace} advancement ${name} ${found} > ${max_pct}`
      : `Halt advancement no values found for custom metric: ${name}: no values found`;
    event(at, message, 'Warning');
    state(at + 30, 'Progressing', plan.spec.step_weight_pct, index + 1);
  }

  const gone = (at: EpochMs) => {
    object(at + 150, `Deployment/${namespace}/${app}`, 'modified', { replicas: 0, ready: 0 });
    if (!plan.options.canary_pods_gone) return;
    for (const [index, name] of canaryPods.entries()) {
      object(at + 1_900 + index * 350, pod(name), 'deleted', {
        phase: 'Running',
        ready: false,
        restarts: 0,
        release: NEXT_RELEASE,
      });
    }
  };
  if (plan.withdrawn_at !== undefined) {
    const checks = plan.failed_checks_at.length;
    event(
      plan.withdrawn_at,
      `Rolling back ${app}.${namespace} failed checks threshold reached ${checks}`,
      'Warning',
    );
    event(plan.withdrawn_at, `Canary failed! Scaling down ${app}.${namespace}`, 'Warning');
    state(plan.withdrawn_at + 180, 'Failed', 0, 0);
    gone(plan.withdrawn_at);
  }
  if (plan.promoted_at !== undefined && plan.primary_replaced_at !== undefined) {
    const copied = plan.primary_replaced_at - 3_000;
    event(copied, `Copying ${app}.${namespace} template spec to ${app}-primary.${namespace}`);
    state(copied + 30, 'Promoting', plan.spec.max_weight_pct, 0);
    for (const [index, name] of primaryPods.entries()) {
      const successor = name.replace('6d9c7b', '5b8f44');
      object(copied + 2_500 + index * 300, pod(successor), 'added', running(NEXT_RELEASE));
      object(copied + 2_900 + index * 100, pod(name), 'deleted', running(STABLE_RELEASE));
    }
    const routed = plan.promoted_at - plan.spec.interval_s * 1000;
    event(routed, 'Routing all traffic to primary');
    state(routed + 30, 'Finalising', 0, 0);
    event(plan.promoted_at, `Promotion completed! Scaling down ${app}.${namespace}`);
    state(plan.promoted_at + 30, 'Succeeded', 0, 0);
    gone(plan.promoted_at);
  }
  return records;
}

/** What Prometheus and Alertmanager said. */
export function alertRecords(plan: SyntheticPlan<RolloutSpec>): Timed[] {
  const { options, spec } = plan;
  const first = plan.weights[0];
  if (!options.prometheus || first === undefined) return [];
  const subject = spec.alert.name;
  const end = plan.withdrawn_at ?? plan.load_until;
  const samples: [EpochMs, number][] = [];
  for (let at = plan.load_from; at < plan.load_until; at += spec.scrape_interval_s * 1000) {
    const on = at > first.at + 2_000 && at < end + 2_000;
    samples.push([at, on ? options.bad_pct : 0]);
  }
  const records: Timed[] = [
    {
      at: plan.load_until + 200,
      source: 'prometheus',
      kind: 'series',
      subject: spec.check.name,
      data: { query: `${spec.check.name} of ${spec.app}`, labels: { namespace: spec.namespace }, samples },
    },
    { at: plan.started_at, source: 'prometheus', kind: 'alert', subject, data: { state: 'inactive' } },
  ];
  if (options.alert === 'inactive') return records;
  const pending_at = first.at + 11_000;
  records.push({
    at: pending_at,
    source: 'prometheus',
    kind: 'alert',
    subject,
    data: { state: 'pending', value: 2.4 },
  });
  if (options.alert === 'pending') {
    records.push({
      at: end + 14_000,
      source: 'prometheus',
      kind: 'alert',
      subject,
      data: { state: 'inactive' },
    });
    return records;
  }
  const firing_at = pending_at + spec.alert.for_s * 1000;
  records.push(
    { at: firing_at, source: 'prometheus', kind: 'alert', subject, data: { state: 'firing', value: 5.1 } },
    {
      at: firing_at + 400,
      source: 'alertmanager',
      kind: 'alert',
      subject,
      data: {
        state: 'active',
        starts_at: firing_at,
        labels: { alertname: subject, namespace: spec.namespace, severity: 'page' },
      },
    },
  );
  return records;
}

/** What the channel received: the controller's word, and Alertmanager's when the alert fires. */
export function chatRecords(plan: SyntheticPlan): Timed[] {
  const { options, spec } = plan;
  const said = (
    at: EpochMs,
    text: string,
    severity: ChatMessageData['severity'],
    sender = 'flagger',
  ): Timed => ({
    at,
    source: 'chat',
    kind: 'message',
    subject: sender === 'flagger' ? `Canary/${spec.namespace}/${spec.app}` : `Alert/${spec.alert.name}`,
    data: {
      sender,
      channel: '#releases',
      text,
      severity,
      fields: { Target: `Deployment/${spec.app}.${spec.namespace}` },
    },
  });
  const records = [said(plan.seen_at + 90, 'New revision detected, progressing canary analysis.', 'good')];
  for (let index = 0; index < options.failure_messages; index += 1) {
    const later = 210 + index * 900;
    if (plan.withdrawn_at !== undefined) {
      const text = `Failed checks threshold reached ${plan.failed_checks_at.length}`;
      records.push(said(plan.withdrawn_at + later, text, 'danger'));
    }
    if (plan.promoted_at !== undefined) {
      const text = 'Canary analysis completed successfully, promotion finished.';
      records.push(said(plan.promoted_at + later, text, 'good'));
    }
  }
  const fired = alertRecords(plan).find((record) => record.source === 'alertmanager');
  if (fired) {
    const text = `[FIRING:1] ${spec.alert.name}: more than ${spec.alert.threshold_pct} % of answers are errors`;
    records.push(said(fired.at + 5_000 + GATEWAY_DELAY_MS, text, 'danger', 'alertmanager'));
  }
  return records;
}
