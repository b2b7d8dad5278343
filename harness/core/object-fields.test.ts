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
      status: {
        phase: 'Progressing',
        canaryWeight: 10,
        failedChecks: 1,
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
        fields: { phase: 'Progressing', weight_pct: 10, failed_checks: 1, condition: 'Progressing' },
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
