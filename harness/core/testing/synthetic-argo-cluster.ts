import type { ChatMessageData, Draft, EpochMs } from '../timeline.ts';
import type { SyntheticArgoPlan } from './synthetic-argo-plan.ts';
import { NEXT_RELEASE, STABLE_RELEASE } from './synthetic-plan.ts';

type Timed = Draft & { readonly at: EpochMs };
type Fields = Record<string, string | number | boolean>;
type Verb = 'listed' | 'added' | 'modified' | 'deleted';

/** Delay between a change in the cluster and the watch that reports it, in ms. */
const WATCH_DELAY_MS = 25;

/** Hashes of the pods of the two releases. */
const STABLE_HASH = '849c6f4bd6';
const NEXT_HASH = '5b4b7bcc5b';

/** Draws up what watchers saw. */
class Cluster {
  readonly records: Timed[] = [];
  readonly plan: SyntheticArgoPlan;
  #version = 4_000;

  constructor(plan: SyntheticArgoPlan) {
    this.plan = plan;
  }

  object(at: EpochMs, kind: string, name: string, verb: Verb, fields: Fields): void {
    this.#version += 7;
    this.records.push({
      at: at + WATCH_DELAY_MS,
      source: 'kubernetes',
      kind: 'object',
      subject: `${kind}/${this.plan.spec.namespace}/${name}`,
      data: { verb, resource_version: String(this.#version), generation: 1, fields },
    });
  }

  rollout(at: EpochMs, fields: Fields, verb: Verb = 'modified'): void {
    const { app } = this.plan.spec;
    this.object(at, 'Rollout', app, verb, {
      message: '',
      aborted: false,
      step: 0,
      weight_pct: 0,
      desired_weight_pct: 0,
      replicas: 2,
      ready: 2,
      updated: 2,
      available: 2,
      present: 2,
      release: NEXT_RELEASE,
      ...fields,
    });
  }

  pod(at: EpochMs, name: string, verb: Verb, fields: Fields): void {
    this.object(at, 'Pod', name, verb, { phase: 'Running', ready: true, restarts: 0, ...fields });
  }

  weight(at: EpochMs, canary_pct: number): void {
    const { namespace, app, strategy } = this.plan.spec;
    this.records.push({
      at: at + WATCH_DELAY_MS,
      source: 'gateway',
      kind: 'weight',
      subject:
        strategy === 'canary' ? `TraefikService/${namespace}/${app}` : `Service/${namespace}/${app}-active`,
      data: { primary_pct: 100 - canary_pct, canary_pct },
    });
  }

  event(at: EpochMs, message: string, type: 'Normal' | 'Warning' = 'Normal'): void {
    const { namespace, app } = this.plan.spec;
    this.records.push({
      at,
      source: 'kubernetes',
      kind: 'event',
      subject: `Rollout/${namespace}/${app}`,
      data: { type, reason: 'RolloutEvent', message, count: 1, reporter: 'rollouts-controller' },
    });
  }

  /** The role that a pod says it has. */
  role(true_role: string): string {
    return this.plan.argo.labels === 'missing' ? '' : true_role;
  }
}

const reasonOf = ({ spec }: SyntheticArgoPlan): string =>
  `Metric "${spec.check.name}" assessed Failed due to failed (${spec.failure_limit + 1}) > failureLimit (${spec.failure_limit})`;

function measurements(cluster: Cluster): void {
  const { plan } = cluster;
  const { spec, argo, measured_at, options } = plan;
  const bad = options.bad_pct > spec.check.max_pct;
  const name = spec.check.name;
  let failed = 0;
  for (const [index, at] of measured_at.entries()) {
    const nothing = argo.finds === 'nothing-good' || argo.finds === 'nothing-bad';
    const share = argo.finds === 'half' ? options.bad_pct / 2 : options.bad_pct * (1 - 0.01 * (index % 3));
    const fails = argo.finds === 'nothing-bad' || (bad && argo.finds !== 'nothing-good');
    if (fails) failed += 1;
    const over = failed > spec.failure_limit;
    cluster.object(at, 'AnalysisRun', `${spec.app}-${NEXT_HASH}-2`, index === 0 ? 'added' : 'modified', {
      phase: over ? 'Failed' : 'Running',
      message: over ? reasonOf(plan) : '',
      type: 'Background',
      [`${name}.phase`]: over ? 'Failed' : 'Running',
      [`${name}.count`]: index + 1,
      [`${name}.successful`]: index + 1 - failed,
      [`${name}.failed`]: failed,
      [`${name}.inconclusive`]: 0,
      [`${name}.error`]: 0,
      [`${name}.last_phase`]: fails ? 'Failed' : 'Successful',
      [`${name}.last_value`]: nothing ? '[]' : `[${share}]`,
    });
  }
}

/** The Deployment that served before, and how it went. */
function takeOver(cluster: Cluster): void {
  const { plan } = cluster;
  const { app } = plan.spec;
  const way = plan.argo.from_deployment;
  if (way === 'no') return;
  const at = plan.started_at;
  const old = [`${app}-66c9-a1b`, `${app}-66c9-c2d`];
  cluster.object(at, 'Deployment', app, 'listed', { replicas: 2, ready: 2, present: 2, updated: 2 });
  for (const name of old) cluster.pod(at, name, 'listed', { release: STABLE_RELEASE, terminating: false });
  for (const [index, name] of old.entries()) {
    const gone_at = at + (way === 'gap' ? 200 : 3_000) + index * 300;
    cluster.pod(gone_at, name, 'modified', { release: STABLE_RELEASE, terminating: true });
    cluster.pod(gone_at + 400, name, 'deleted', { release: STABLE_RELEASE, terminating: true });
  }
  const left = way === 'left-over' ? 1 : 0;
  cluster.object(at + 4_500, 'Deployment', app, 'modified', {
    replicas: left,
    ready: left,
    present: left,
    updated: left,
  });
}

/** What watchers of the cluster saw: Rollout, pods, analyses, events and the gateway's weights. */
export function argoClusterRecords(plan: SyntheticArgoPlan): Timed[] {
  const cluster = new Cluster(plan);
  const { spec, argo } = plan;
  const { app } = spec;
  const stable_pods = [`${app}-${STABLE_HASH}-6bf`, `${app}-${STABLE_HASH}-ghn`];
  const next_pods = [`${app}-${NEXT_HASH}-66d`, `${app}-${NEXT_HASH}-qxn`];
  const before = { stable: STABLE_HASH, canary: STABLE_HASH };
  const during = { stable: STABLE_HASH, canary: NEXT_HASH };
  const of_stable = { release: STABLE_RELEASE, hash: STABLE_HASH };
  const of_next = { release: NEXT_RELEASE, hash: NEXT_HASH };
  const starts_at = plan.started_at + (argo.from_deployment === 'no' ? 0 : 1_000);

  takeOver(cluster);
  cluster.rollout(starts_at, { phase: 'Healthy', ...before, release: STABLE_RELEASE }, 'listed');
  for (const name of stable_pods) {
    const verb = argo.from_deployment === 'no' ? 'listed' : 'added';
    cluster.pod(starts_at, name, verb, { ...of_stable, role: cluster.role('stable') });
  }
  cluster.weight(plan.started_at, 0);

  cluster.rollout(plan.seen_at, { phase: 'Healthy', ...before });
  cluster.event(plan.seen_at, 'Rollout updated to revision 2');
  cluster.rollout(plan.seen_at + 200, { phase: 'Progressing', ...during, updated: 0 });
  for (const [index, name] of next_pods.entries()) {
    const role = cluster.role('canary');
    cluster.pod(plan.seen_at + 300 + index, name, 'added', { ...of_next, role, ready: false });
    cluster.pod(plan.canary_ready_at - 200 + index * 50, name, 'modified', { ...of_next, role });
  }
  for (const [index, step] of plan.weights.entries()) {
    cluster.weight(step.at, step.canary_pct);
    if (step.canary_pct === 0) continue;
    cluster.rollout(step.at + 90, {
      phase: 'Paused',
      message: 'CanaryPauseStep',
      ...during,
      step: 2 * index + 1,
      weight_pct: step.canary_pct,
      desired_weight_pct: step.canary_pct,
    });
    cluster.event(step.at + 90, `Traffic weight updated to ${step.canary_pct}`);
  }
  measurements(cluster);
  if (plan.aborted_at !== undefined) {
    const message = `RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: ${reasonOf(plan)}`;
    cluster.event(plan.aborted_at, message, 'Warning');
    cluster.rollout(plan.aborted_at + 60, { phase: 'Degraded', message, aborted: true, ...during });
    if (plan.options.canary_pods_gone) {
      for (const [index, name] of next_pods.entries()) {
        const at = plan.aborted_at + spec.abort_scale_down_delay_s * 1000 + 3_500 + index * 200;
        cluster.pod(at, name, 'deleted', { ...of_next, role: cluster.role('canary') });
      }
    }
  }
  if (plan.promoted_at !== undefined) {
    const late_ms = typeof argo.labels === 'number' ? argo.labels * 1000 : 300;
    cluster.event(plan.promoted_at, `Rollout completed update to revision 2 (${NEXT_HASH})`);
    cluster.rollout(plan.promoted_at, { phase: 'Healthy', stable: NEXT_HASH, canary: NEXT_HASH });
    for (const name of next_pods) {
      cluster.pod(plan.promoted_at + late_ms, name, 'modified', { ...of_next, role: cluster.role('stable') });
    }
    for (const [index, name] of stable_pods.entries()) {
      cluster.pod(plan.promoted_at + 320, name, 'modified', { ...of_stable, role: '' });
      const gone_at = plan.promoted_at + spec.scale_down_delay_s * 1000 + index * 200;
      cluster.pod(gone_at, name, 'deleted', { ...of_stable, role: '' });
    }
  }
  return cluster.records;
}

/** What the channel received from Argo Rollouts. */
export function argoChatRecords(plan: SyntheticArgoPlan): Timed[] {
  const { spec, argo, options } = plan;
  const subject = `Rollout/${spec.namespace}/${spec.app}`;
  const about = `Rollout ${spec.namespace}/${spec.app}`;
  const records: Timed[] = [];
  const say = (
    what: (typeof argo.unheard)[number],
    at: EpochMs,
    text: string,
    severity: ChatMessageData['severity'] = 'good',
  ): void => {
    if (argo.unheard.includes(what)) return;
    const fields = { namespace: spec.namespace, name: spec.app, release: spec.next_release };
    records.push({
      at,
      source: 'chat',
      kind: 'message',
      subject,
      data: { sender: 'argo-rollouts', channel: 'rollouts', text, severity, fields },
    });
  };
  const release = `${about}: release ${spec.next_release}`;
  say('began', plan.seen_at + 60, `${release} began`);
  if (spec.strategy === 'canary' && plan.promoted_at !== undefined) {
    for (const [index, step] of spec.steps.entries()) {
      const at = plan.weights[index]?.at ?? plan.promoted_at;
      say('step', at + 50, `${release} completed a step`);
      say('step', at + step.pause_s * 1000, `${release} completed a step`);
    }
  }
  for (let index = 0; index < options.failure_messages; index += 1) {
    const later = 80 + index * 700;
    if (plan.promoted_at !== undefined) say('completed', plan.promoted_at + later, `${release} completed`);
    if (plan.aborted_at === undefined) continue;
    say('aborted', plan.aborted_at + later, `${release} aborted: ${reasonOf(plan)}`, 'danger');
  }
  if (plan.aborted_at !== undefined) {
    const text = `${about} is degraded: RolloutAborted: Rollout aborted update to revision 2: ${reasonOf(plan)}`;
    say('degraded', plan.aborted_at + 400, text, 'danger');
  }
  return records;
}
