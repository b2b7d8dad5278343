import { describe, expect, test } from 'vitest';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import { isOfTemplate, podFailure } from './readiness.ts';

function pod(container: object, metadata: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'chat-1', namespace: 'chat', ...metadata },
    spec: { nodeName: 'node-1' },
    status: {
      phase: 'Pending',
      containerStatuses: [{ name: 'chat', image: 'localhost/mettle/chat:1', ...container }],
    },
  };
}

const waiting = (reason: string, more: object = {}): object => ({ state: { waiting: { reason } }, ...more });

const crashed = (restartCount: number): KubeObject =>
  pod(waiting('CrashLoopBackOff', { restartCount, lastState: { terminated: { exitCode: 2 } } }));

const workload = (container: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'chat' },
  spec: { template: { spec: { containers: [container] } } },
});

describe('podFailure', () => {
  test.each(['ErrImageNeverPull', 'ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'])(
    '%s: the image is not there and will not come',
    (reason) => {
      expect(podFailure(pod(waiting(reason)))).toMatchObject({
        cause: 'image',
        pod: 'chat-1',
        node: 'node-1',
        container: 'chat',
        detail: `${reason}: localhost/mettle/chat:1`,
      });
    },
  );

  test('one crash may be an accident of the start, the third is not', () => {
    expect(podFailure(crashed(1))).toBeUndefined();
    expect(podFailure(crashed(2))).toMatchObject({
      cause: 'crash',
      detail: '3 times, the last with exit code 2',
    });
  });

  test('an init container counts as well', () => {
    const object = pod(waiting('PodInitializing'));
    const status = { initContainerStatuses: [{ name: 'first', ...waiting('ErrImageNeverPull') }] };
    expect(podFailure({ ...object, status })).toMatchObject({ container: 'first', cause: 'image' });
  });

  test.each([
    ['one that is being created', pod(waiting('ContainerCreating'))],
    ['one that runs', pod({ state: { running: {} } })],
    ['one whose config map is on its way', pod(waiting('CreateContainerConfigError'))],
    [
      'one that is going away',
      pod(waiting('ErrImageNeverPull'), { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    ],
    ['one without a status', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'new' } }],
  ])('%s may still come up', (_, object) => {
    expect(podFailure(object)).toBeUndefined();
  });
});

describe('isOfTemplate', () => {
  const container = { name: 'chat', image: 'localhost/mettle/chat:2', args: ['--port', '1'] };
  // The API server adds the account's token to each container of a pod.
  const made = { ...pod({}), spec: { containers: [{ ...container, volumeMounts: [{ name: 'token' }] }] } };

  test('a pod of the present template', () => {
    expect(isOfTemplate(workload(container), made)).toBe(true);
  });

  test.each([
    ['another image', { image: 'localhost/mettle/chat:absent' }],
    ['other arguments', { args: ['--port', '2'] }],
    ['a variable more', { env: [{ name: 'PORT', value: '1' }] }],
    ['another container', { name: 'other' }],
  ])('%s: a pod of an earlier one', (_, change) => {
    expect(isOfTemplate(workload({ ...container, ...change }), made)).toBe(false);
  });
});
