import { describe, expect, test } from 'vitest';
import type { KubeObject } from './kubernetes.ts';
import { eventDraft, objectDraft } from './object-fields.ts';

const head = { name: 'shop', namespace: 'here', resourceVersion: '7', generation: 3 };

describe('objectDraft', () => {
  test('tells the phase, weight and failed checks of a Canary', () => {
    const canary: KubeObject = {
      apiVersion: 'flagger.app/v1beta1',
      kind: 'Canary',
      metadata: head,
      spec: { analysis: { metrics: [{ name: 'error-rate' }] } },
      status: {
        phase: 'Progressing',
        canaryWeight: 10,
        failedChecks: 1,
        lastAppliedSpec: '5f7b6c',
        lastPromotedSpec: '78c4df',
        conditions: [{ type: 'Promoted', status: 'Unknown', reason: 'Progressing' }],
      },
    };
    expect(objectDraft('modified', canary)).toEqual({
      source: 'kubernetes',
      kind: 'object',
      subject: 'Canary/here/shop',
      data: {
        verb: 'modified',
        resource_version: '7',
        generation: 3,
        fields: {
          phase: 'Progressing',
          weight_pct: 10,
          failed_checks: 1,
          condition: 'Progressing',
          checks: 1,
          iterations: 0,
          last_applied: '5f7b6c',
          last_promoted: '78c4df',
        },
      },
    });
  });

  test('a Deployment that names no replicas asks for one', () => {
    const deployment: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: head };
    expect(objectDraft('listed', deployment).data).toMatchObject({ fields: { replicas: 1, ready: 0 } });
  });

  test('tells release, readiness and restarts of a Pod', () => {
    const pod: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...head,
        labels: { 'mettle.dev/release': 'v2' },
        deletionTimestamp: '2026-01-01T00:00:00Z',
      },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Initialized', status: 'True' },
          { type: 'Ready', status: 'True' },
        ],
        containerStatuses: [{ restartCount: 2 }, { restartCount: 1 }],
      },
    };
    expect(objectDraft('modified', pod).data).toMatchObject({
      fields: { phase: 'Running', ready: true, restarts: 3, release: 'v2', terminating: true },
    });
  });

  test('tells of a Job, and of its pod, which migration it is about and whether it was ever started', () => {
    const labels = { 'mettle.dev/migration': 'add-digest', app: 'shop-migration' };
    const job = (spec: object, status: object): KubeObject => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { ...head, labels },
      spec,
      status,
    });
    const about = { migration: 'add-digest', app: 'shop-migration' };
    expect(objectDraft('added', job({ suspend: true }, {})).data).toMatchObject({
      fields: { suspended: true, started: false, complete: false, failed: false, ...about },
    });
    const failed = { startTime: '2026-01-01T00:00:00Z', conditions: [{ type: 'Failed', status: 'True' }] };
    expect(objectDraft('modified', job({}, failed)).data).toMatchObject({
      fields: { suspended: false, started: true, failed: true },
    });
    const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { ...head, labels } };
    expect(objectDraft('added', pod).data).toMatchObject({ fields: about });
  });
});

const owner = (manager: string, fieldsV1: object): object => ({ manager, fieldsV1 });

/** Who wrote what is not typed: nobody but these fields reads it. */
const managedBy = (managedFields: readonly object[]): typeof head & { managedFields: readonly object[] } => ({
  ...head,
  managedFields,
});

const fields = (object: KubeObject): unknown => objectDraft('modified', object).data;

const said = (status: string, reason: string, message: string): object => ({
  conditions: [{ type: 'Ready', status, reason, message }],
});

describe('objectDraft of what is delivered from Git', () => {
  const revision = 'main@sha1:25cdcd85c53ef98ad76298b2f4231df6b3691507';

  test('tells the revision that a repository holds', () => {
    const repository: KubeObject = {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: head,
      status: { ...said('True', 'Succeeded', 'stored artifact'), artifact: { revision } },
    };
    expect(fields(repository)).toMatchObject({ fields: { ready: true, failed: false, revision } });
  });

  test('a kustomization at work is neither ready nor failed', () => {
    const kustomization = (status: object): KubeObject => ({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: head,
      spec: { suspend: true },
      status: { ...status, lastAttemptedRevision: revision },
    });
    expect(fields(kustomization(said('Unknown', 'Progressing', 'in progress')))).toMatchObject({
      fields: { ready: false, failed: false, suspended: true, revision: '', attempted: revision },
    });
    expect(fields(kustomization(said('False', 'ReconciliationFailed', 'no')))).toMatchObject({
      fields: { ready: false, failed: true, reason: 'ReconciliationFailed', message: 'no' },
    });
  });

  test('the revision of a Helm release is that of what is deployed, not of what was tried', () => {
    const release: KubeObject = {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: head,
      status: {
        ...said('False', 'UpgradeFailed', 'no'),
        lastAttemptedRevision: '0.1.0+two',
        history: [
          { chartVersion: '0.1.0+two', status: 'failed' },
          { chartVersion: '0.1.0+one', status: 'deployed' },
        ],
      },
    };
    expect(fields(release)).toMatchObject({ fields: { revision: '0.1.0+one', attempted: '0.1.0+two' } });
  });

  test('who deployed is who owns the release label, or the document of a map', () => {
    const label = { 'f:metadata': { 'f:labels': { 'f:mettle.dev/release': {} } } };
    const deployment: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: managedBy([
        owner('kustomize-controller', { 'f:spec': { 'f:template': label } }),
        owner('flagger', { 'f:spec': { 'f:replicas': {} } }),
        owner('kubectl', { 'f:spec': { 'f:template': label } }),
      ]),
    };
    expect(fields(deployment)).toMatchObject({ fields: { deployed_by: 'kubectl kustomize-controller' } });
    const map: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: managedBy([owner('x', { 'f:data': { 'f:release.yaml': {} } })]),
      data: { 'release.yaml': '# a document\nrelease: v2\n' },
    };
    expect(fields(map)).toMatchObject({ fields: { release: 'v2', deployed_by: 'x' } });
  });
});

describe('eventDraft', () => {
  const event: KubeObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'shop.1', namespace: 'here' },
    involvedObject: { kind: 'Canary', namespace: 'here', name: 'shop' },
    type: 'Warning',
    reason: 'Synced',
    message: 'Halt shop.here advancement error-rate 49.83 > 1',
    count: 2,
    source: { component: 'flagger' },
    lastTimestamp: '2026-01-01T00:00:10Z',
  };
  const told = Date.parse('2026-01-01T00:00:10Z');

  test('a fresh event happened when it arrived', () => {
    const draft = eventDraft(event, told + 820);
    expect(draft).toMatchObject({ subject: 'Canary/here/shop', at: told + 820 });
    expect(draft.clock_error_ms).toBeUndefined();
    expect(draft.data).toEqual({
      type: 'Warning',
      reason: 'Synced',
      message: 'Halt shop.here advancement error-rate 49.83 > 1',
      count: 2,
      reporter: 'flagger',
    });
  });

  test('an event that arrives late keeps its own time, which is a second off at worst', () => {
    expect(eventDraft(event, told + 9_000)).toMatchObject({ at: told, clock_error_ms: 1_000 });
  });
});
