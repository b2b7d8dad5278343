import { describe, expect, test } from 'vitest';
import type { KubeObject } from './kubernetes.ts';
import { fieldsOf } from './object-fields.ts';

const rollout = (spec: object, status: object = {}, annotations: object = {}): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'shop', namespace: 'here', annotations: { ...annotations } },
  spec,
  status,
});

describe('what a Rollout is told beside its pods', () => {
  test('is recorded as far as it is told', () => {
    const told = rollout(
      {
        progressDeadlineSeconds: 10,
        progressDeadlineAbort: true,
        rollbackWindow: { revisions: 2 },
        workloadRef: { name: 'shop', scaleDown: 'never' },
        strategy: { canary: { abortScaleDownDelaySeconds: 0 } },
      },
      { promoteFull: true },
      { 'mettle.dev/touched': '7' },
    );
    expect(fieldsOf(told)).toMatchObject({
      abort_delay_s: 0,
      progress_deadline_s: 10,
      deadline_aborts: true,
      window: 2,
      scale_down: 'never',
      promote_full: true,
      touched: '7',
    });
  });

  test('is told by a blue/green strategy too', () => {
    const strategy = { blueGreen: { previewReplicaCount: 1, abortScaleDownDelaySeconds: 5 } };
    expect(fieldsOf(rollout({ strategy }))).toMatchObject({ preview_replicas: 1, abort_delay_s: 5 });
  });

  test('is left out where it is not told', () => {
    const fields = fieldsOf(rollout({ strategy: { canary: {} } }));
    for (const field of [
      'abort_delay_s',
      'window',
      'deadline_aborts',
      'promote_full',
      'touched',
      'scale_down',
    ]) {
      expect(fields).not.toHaveProperty(field);
    }
  });
});

const set = (annotations: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: 'shop-aaa',
    namespace: 'here',
    labels: { 'rollouts-pod-template-hash': 'aaa' },
    annotations: { ...annotations },
  },
  spec: { replicas: 2, template: { metadata: { labels: { 'mettle.dev/release': 'v2' } } } },
  status: { replicas: 2, availableReplicas: 1 },
});

test('a ReplicaSet tells its release, its pods and until when it is kept', () => {
  const fields = { replicas: 2, present: 2, available: 1, hash: 'aaa', release: 'v2' };
  expect(fieldsOf(set({}))).toEqual(fields);
  // The annotation is emptied, not removed, by some versions.
  expect(fieldsOf(set({ 'scale-down-deadline': '' }))).toEqual(fields);
  const scale_down_at = '2026-11-21T11:13:13Z';
  expect(fieldsOf(set({ 'scale-down-deadline': scale_down_at }))).toEqual({ ...fields, scale_down_at });
});

test('a Lease tells who holds it and for how long', () => {
  const lease: KubeObject = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'lock', namespace: 'here' },
    spec: { holderIdentity: 'one_1', leaseDurationSeconds: 15 },
  };
  expect(fieldsOf(lease)).toEqual({ holder: 'one_1', duration_s: 15 });
});
