import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statusOf } from './kstatus.ts';
import type { KubeObject } from './kubernetes.ts';

const object = (kind: string, rest: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'one', namespace: 'here', ...metadata },
  ...rest,
});

const deployment = (status: object, replicas = 2): KubeObject =>
  object(
    'Deployment',
    { spec: { replicas }, status: { observedGeneration: 1, ...status } },
    { generation: 1 },
  );

const rolledOut = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };

const conditions = (type: string): object => ({
  status: { conditions: [{ type, status: 'True', reason: 'R' }] },
});

describe('statusOf', () => {
  test('an absent object is not found', () => {
    expect(statusOf(undefined).standing).toBe('NotFound');
  });

  test('an object without status or conditions is current', () => {
    expect(statusOf(object('ConfigMap', {})).standing).toBe('Current');
  });

  test('an object that is being deleted is terminating, whatever else it says', () => {
    const going = object(
      'Pod',
      { status: { phase: 'Running' } },
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    );
    expect(statusOf(going).standing).toBe('Terminating');
  });

  test.each([
    ['StatefulSet', { spec: { replicas: 1 } }, 'InProgress', 'not seen by the controller yet'],
    [
      'StatefulSet',
      { spec: { replicas: 1 }, status: { observedGeneration: 1, updatedReplicas: 1 } },
      'InProgress',
      '0 of 1 replicas ready',
    ],
    [
      'StatefulSet',
      { spec: { replicas: 1 }, status: { observedGeneration: 1, readyReplicas: 1 } },
      'InProgress',
      '0 of 1 replicas updated',
    ],
    [
      'StatefulSet',
      { spec: { replicas: 1 }, status: { observedGeneration: 1, updatedReplicas: 1, readyReplicas: 1 } },
      'Current',
      '1 of 1 replicas ready',
    ],
    ['DaemonSet', {}, 'InProgress', 'not seen by the controller yet'],
    [
      'DaemonSet',
      {
        status: {
          observedGeneration: 1,
          desiredNumberScheduled: 3,
          updatedNumberScheduled: 3,
          numberAvailable: 2,
        },
      },
      'InProgress',
      '2 of 3 pods available',
    ],
    [
      'DaemonSet',
      {
        status: {
          observedGeneration: 1,
          desiredNumberScheduled: 3,
          updatedNumberScheduled: 3,
          numberAvailable: 3,
        },
      },
      'Current',
      '3 of 3 pods available',
    ],
  ])('%s %j is %s', (kind, rest, standing, message) => {
    expect(statusOf(object(kind, rest))).toEqual({ standing, message });
  });

  test('a status of an older generation is not believed', () => {
    const stale = object(
      'Deployment',
      { spec: { replicas: 2 }, status: { observedGeneration: 1, ...rolledOut } },
      { generation: 2 },
    );
    expect(statusOf(stale)).toEqual({
      standing: 'InProgress',
      message: 'generation 2 not seen yet, observed 1',
    });
  });

  test('Stalled fails, Reconciling is in progress', () => {
    expect(statusOf(object('Thing', conditions('Stalled'))).standing).toBe('Failed');
    expect(statusOf(object('Thing', conditions('Reconciling'))).standing).toBe('InProgress');
  });

  test.each([
    ['nothing seen', object('Deployment', { spec: {} }), 'InProgress'],
    ['rolled out', deployment(rolledOut), 'Current'],
    ['too few updated', deployment({ ...rolledOut, updatedReplicas: 1 }), 'InProgress'],
    ['old ones still there', deployment({ ...rolledOut, replicas: 3 }), 'InProgress'],
    ['not available', deployment({ ...rolledOut, availableReplicas: 1 }), 'InProgress'],
    ['scaled to zero', deployment({}, 0), 'Current'],
    ['still scaling to zero', deployment(rolledOut, 0), 'InProgress'],
    [
      'deadline exceeded',
      deployment({
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      }),
      'Failed',
    ],
  ])('Deployment: %s', (_, given, standing) => {
    expect(statusOf(given).standing).toBe(standing);
  });

  test('a Pod in a crash loop has failed and says which container', () => {
    const waiting = { name: 'shop', state: { waiting: { reason: 'CrashLoopBackOff' } } };
    const pod = object('Pod', { status: { phase: 'Running', containerStatuses: [waiting] } });
    expect(statusOf(pod)).toEqual({ standing: 'Failed', message: 'shop: CrashLoopBackOff' });
  });

  test.each([
    ['', 'InProgress'],
    ['Initializing', 'InProgress'],
    ['Initialized', 'Current'],
    ['Waiting', 'InProgress'],
    ['Progressing', 'InProgress'],
    ['WaitingPromotion', 'InProgress'],
    ['Promoting', 'InProgress'],
    ['Finalising', 'InProgress'],
    ['Succeeded', 'Current'],
    ['Failed', 'Failed'],
    ['Terminating', 'Terminating'],
  ])('Canary phase %s is %s', (phase, standing) => {
    expect(statusOf(object('Canary', { status: { phase } })).standing).toBe(standing);
  });

  test('a Deployment is never current while fewer replicas than asked are ready', () => {
    const count = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(count, count, count, count, count, (wanted, total, updated, available, ready) => {
        const given = deployment(
          { replicas: total, updatedReplicas: updated, availableReplicas: available, readyReplicas: ready },
          wanted,
        );
        const { standing } = statusOf(given);
        expect(standing !== 'Current' || Math.min(updated, ready) >= wanted).toBe(true);
      }),
    );
  });
});
