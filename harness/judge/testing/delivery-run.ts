import type { DeliveryExpectation } from '#harness/core/expectation.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import {
  type Draft,
  type EpochMs,
  type KubernetesObjectData,
  Timeline,
  type TimelineRecord,
} from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeDelivery } from '../delivery.ts';

type Timed = Draft & { readonly at: EpochMs };
type Fields = KubernetesObjectData['fields'];

const COMMIT = '25cdcd85c53ef98ad76298b2f4231df6b3691507';
export const CHART = '0.1.0+25cdcd85c53e.1';
const REVISION = `main@sha1:${COMMIT}`;
export const FORMER = 'main@sha1:1111111111111111111111111111111111111111';

const PROMOTION = syntheticRun({ outcome: 'promotion' });
export const SHIPPED_AT = PROMOTION.find(({ source }) => source === 'release')?.at ?? 0;

export function object(subject: string, after_s: number, fields: Fields): Timed {
  return {
    at: SHIPPED_AT + after_s * 1000,
    source: 'kubernetes',
    kind: 'object',
    subject,
    data: { verb: 'modified', resource_version: String(after_s), fields },
  };
}

function namespaceOf(records: readonly TimelineRecord[]): string {
  const spec = records.find((record) => record.source === 'harness' && record.kind === 'spec');
  return spec?.source === 'harness' && spec.kind === 'spec' ? spec.data.namespace : '';
}

const NAMESPACE = namespaceOf(PROMOTION);
export const subject = (kind: string): string => `${kind}/${NAMESPACE}/shop`;

export function expectation(change: Partial<DeliveryExpectation> = {}): Timed {
  return {
    at: SHIPPED_AT - 60_000,
    source: 'harness',
    kind: 'expectation',
    subject: subject('Deployment'),
    data: {
      of: 'delivery',
      namespace: NAMESPACE,
      source: subject('GitRepository'),
      applier: subject('Kustomization'),
      workload: subject('Deployment'),
      manager: 'kustomize-controller',
      release: 'v2',
      serving: 'v1',
      outcome: 'applied',
      source_interval_s: 5,
      apply_s: 5,
      start_s: 25,
      ...change,
    },
  };
}

export function commit(after_s = 0, files: readonly string[] = ['apps/shop/deployment.yaml']): Timed {
  return {
    at: SHIPPED_AT + after_s * 1000,
    source: 'git',
    kind: 'commit',
    subject: `Repository/${NAMESPACE}`,
    data: { revision: COMMIT, branch: 'main', message: 'Ship v2', author: 'a <b>', files },
  };
}

export function observer(state: 'started' | 'lost' = 'started'): Timed {
  return { at: SHIPPED_AT - 50_000, source: 'harness', kind: 'observer', subject: 'flux', data: { state } };
}

export function told(severity: 'good' | 'danger', revision = REVISION): Timed {
  return {
    at: SHIPPED_AT + 4_500,
    source: 'chat',
    kind: 'message',
    subject: subject('Kustomization'),
    data: {
      sender: 'flux',
      channel: 'flux',
      text: 'Deployment/shop configured',
      severity,
      fields: { revision },
    },
  };
}

export const READY = {
  ready: true,
  failed: false,
  reason: 'ReconciliationSucceeded',
  message: 'Applied',
  suspended: false,
};
export const fetched = (after_s = 3): Timed =>
  object(subject('GitRepository'), after_s, { ...READY, revision: REVISION });
export const applied = (after_s = 4): Timed =>
  object(subject('Kustomization'), after_s, { ...READY, revision: REVISION, attempted: REVISION });
export const former = (more: Fields = {}): Timed =>
  object(subject('Kustomization'), -40, { ...READY, revision: FORMER, attempted: FORMER, ...more });
export const deployed = (after_s = 4, deployed_by = 'kustomize-controller'): Timed =>
  object(subject('Deployment'), after_s, { replicas: 1, ready: 1, release: 'v2', deployed_by });
export const running = (after_s = 20): Timed =>
  object(`Pod/${NAMESPACE}/shop-1`, after_s, { phase: 'Running', ready: true, release: 'v2', restarts: 0 });

export const DELIVERED = (): Timed[] => [
  expectation(),
  observer(),
  former(),
  commit(),
  fetched(),
  applied(),
  deployed(),
  running(),
  told('good'),
];

/** A promotion's record with a delivery in it; what the synthetic cluster says of the Deployment itself is left out. */
export function judge(added: readonly Timed[], base: readonly TimelineRecord[] = PROMOTION): Verdict {
  const kept = base.filter(
    (record) =>
      (record.source !== 'kubernetes' || record.subject !== subject('Deployment')) &&
      !(record.subject.startsWith(`Pod/${NAMESPACE}/`) && record.at >= SHIPPED_AT),
  );
  const all = [...kept, ...added].sort((left, right) => left.at - right.at);
  return judgeDelivery(new Timeline(all.map((record, index) => ({ ...record, seq: index + 1 }))));
}

export function saysOf(verdict: Verdict, rule: string): string {
  const found = verdict.rules.find((one) => one.rule === rule);
  return `${found?.outcome}: ${found?.reason}`;
}

export const complaints = (verdict: Verdict): string[] =>
  verdict.rules
    .filter(({ outcome }) => outcome !== 'pass')
    .map((one) => `${one.rule}: ${one.outcome}: ${one.reason}`);

export const instead = (of: Timed, now: readonly Timed[]): Timed[] => [
  ...DELIVERED().filter((one) => one.subject !== of.subject || one.kind !== of.kind || one.at !== of.at),
  ...now,
];

const WORDS =
  'Deployment.apps "shop" is invalid: spec.template.spec.containers[0].ports[0].containerPort: Invalid value';

export function refusedAt(file: string, line: number): Timed {
  return {
    at: SHIPPED_AT + 5_000,
    source: 'git',
    kind: 'refused',
    subject: subject('Kustomization'),
    data: { revision: COMMIT, file, line, message: WORDS },
  };
}

/** The same load, served by the former release alone, as it is while nothing is rolled out. */
const UNDISTURBED: readonly TimelineRecord[] = PROMOTION.filter(
  ({ source, kind }) => !(source === 'harness' && kind === 'spec'),
).map((record) =>
  record.source === 'load' && record.kind === 'second'
    ? {
        ...record,
        data: { ...record.data, series: record.data.series.map((one) => ({ ...one, release: 'v1' })) },
      }
    : record,
);

export const refusing = (): Timed[] => [
  expectation({ outcome: 'refused', start_s: 0 }),
  observer(),
  former(),
  commit(),
  fetched(),
  // While it is at work it is neither ready nor failed: that is no refusal yet.
  object(subject('Kustomization'), 3.5, {
    ready: false,
    failed: false,
    reason: 'Progressing',
    message: 'Reconciliation in progress',
    suspended: false,
    revision: FORMER,
    attempted: REVISION,
  }),
  object(subject('Kustomization'), 4, {
    ready: false,
    failed: true,
    reason: 'ReconciliationFailed',
    message: WORDS,
    suspended: false,
    revision: FORMER,
    attempted: REVISION,
  }),
  refusedAt('apps/shop/deployment.yaml', 17),
  told('danger'),
];

export const judgeRefused = (records: readonly Timed[]): Verdict => judge(records, UNDISTURBED);
