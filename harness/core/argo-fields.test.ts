import { describe, expect, test } from 'vitest';
import type { KubeObject } from './kubernetes.ts';
import { statusOf } from './kstatus.ts';
import { fieldsOf } from './object-fields.ts';

const argo = (kind: string, rest: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind,
  metadata: { name: 'shop', namespace: 'here', generation: 2, ...metadata },
  ...rest,
});

const steps = [
  { setWeight: 10 },
  { pause: { duration: '25s' } },
  { setWeight: 20 },
  { pause: { duration: '10s' } },
];

const canary = (status: object): KubeObject =>
  argo('Rollout', {
    spec: {
      replicas: 2,
      strategy: { canary: { steps } },
      template: { metadata: { labels: { 'mettle.dev/release': 'v2' } } },
    },
    status: { observedGeneration: '2', stableRS: 'aaa', currentPodHash: 'bbb', ...status },
  });

describe('fields of a Rollout', () => {
  test('tell phase, message, step, weights, hashes and pods', () => {
    const fields = fieldsOf(
      canary({
        phase: 'Paused',
        message: 'CanaryPauseStep',
        currentStepIndex: 1,
        canary: { weights: { canary: { weight: 10 } } },
        readyReplicas: 3,
        availableReplicas: 3,
        updatedReplicas: 1,
        replicas: 3,
      }),
    );
    expect(fields).toMatchObject({
      phase: 'Paused',
      message: 'CanaryPauseStep',
      aborted: false,
      step: 1,
      weight_pct: 10,
      desired_weight_pct: 10,
      stable: 'aaa',
      canary: 'bbb',
      replicas: 2,
      ready: 3,
      updated: 1,
      release: 'v2',
    });
    expect(fields).not.toHaveProperty('active');
  });

  test.each([
    ['before the first step', { currentStepIndex: 0 }, 10],
    ['at a later pause', { currentStepIndex: 3 }, 20],
    ['after the last step', { currentStepIndex: 4 }, 100],
    ['after an abort', { currentStepIndex: 0, abort: true }, 0],
    ['once all is stable', { currentStepIndex: 4, stableRS: 'bbb' }, 0],
    ['before the controller looked', {}, 0],
  ])('the weight that is wanted %s', (_when, status, wanted_pct) => {
    expect(fieldsOf(canary(status))['desired_weight_pct']).toBe(wanted_pct);
  });

  test('tell what the Services of a blue/green rollout select', () => {
    const object = argo('Rollout', {
      spec: { strategy: { blueGreen: {} } },
      status: { blueGreen: { activeSelector: 'aaa', previewSelector: 'bbb' } },
    });
    expect(fieldsOf(object)).toMatchObject({ active: 'aaa', preview: 'bbb' });
  });
});

test('fields of a Rollout tell why it is paused', () => {
  expect(fieldsOf(canary({}))['pauses']).toBe('');
  const pauseConditions = [{ reason: 'CanaryPauseStep' }, { reason: 'InconclusiveAnalysisRun' }];
  expect(fieldsOf(canary({ pauseConditions }))['pauses']).toBe('CanaryPauseStep InconclusiveAnalysisRun');
});

test('fields of an AnalysisRun tell what a row is for, its step, what only tries and whether it was cut short', () => {
  const run = argo(
    'AnalysisRun',
    {
      spec: { terminate: true },
      status: { metricResults: [{ name: 'tried', dryRun: true, phase: 'Failed' }] },
    },
    {
      labels: { 'rollout-type': 'Step', 'step-index': '2' },
      annotations: {
        'mettle.dev/contract': 'A4',
        'mettle.dev/expects': 'Failed',
        'mettle.dev/receives': '[NaN]',
      },
    },
  );
  expect(fieldsOf(run)).toMatchObject({
    type: 'Step',
    step: 2,
    contract: 'A4',
    expects: 'Failed',
    receives: '[NaN]',
    terminated: true,
    'tried.dry_run': true,
  });
  expect(fieldsOf(argo('AnalysisRun', {}))).toEqual({ phase: '', message: '', type: '', canary: '' });
});

test('fields of an AnalysisRun count the measurements of each metric and keep the last value', () => {
  const run = argo(
    'AnalysisRun',
    {
      status: {
        phase: 'Running',
        metricResults: [
          {
            name: 'error-rate',
            phase: 'Running',
            count: 2,
            successful: 1,
            failed: 1,
            metadata: { ResolvedPrometheusQuery: 'up' },
            measurements: [
              { phase: 'Successful', value: '[0]' },
              { phase: 'Failed', value: '[49.8]' },
            ],
          },
          { name: 'silent', error: 1, measurements: [{ phase: 'Error', message: 'no data' }] },
        ],
      },
    },
    { labels: { 'rollout-type': 'Background', 'rollouts-pod-template-hash': 'bbb' } },
  );
  expect(fieldsOf(run)).toEqual({
    phase: 'Running',
    message: '',
    type: 'Background',
    canary: 'bbb',
    'error-rate.phase': 'Running',
    'error-rate.count': 2,
    'error-rate.successful': 1,
    'error-rate.failed': 1,
    'error-rate.inconclusive': 0,
    'error-rate.error': 0,
    'error-rate.last_phase': 'Failed',
    'error-rate.last_value': '[49.8]',
    'error-rate.query': 'up',
    'silent.count': 0,
    'silent.successful': 0,
    'silent.failed': 0,
    'silent.inconclusive': 0,
    'silent.error': 1,
    'silent.last_phase': 'Error',
    'silent.last_message': 'no data',
  });
});

test('fields of an AnalysisRun name the Job that was a measurement', () => {
  const metadata = { 'job-name': '3f0c4f0a.shop-guard.1' };
  const metricResults = [{ name: 'shop-guard', failed: 1, measurements: [{ phase: 'Failed', metadata }] }];
  expect(fieldsOf(argo('AnalysisRun', { status: { phase: 'Failed', metricResults } }))).toMatchObject({
    'shop-guard.job': '3f0c4f0a.shop-guard.1',
    'shop-guard.last_phase': 'Failed',
  });
});

test('fields of a Service and of a pod tell the hash that they belong to', () => {
  const labels = { 'rollouts-pod-template-hash': 'bbb', 'mettle.dev/role': 'canary' };
  const service = argo('Service', { spec: { selector: { app: 'shop', ...labels } } });
  expect(fieldsOf(service)).toEqual({ selects: 'bbb' });
  expect(fieldsOf(argo('Service', { spec: { selector: { app: 'shop' } } }))).toEqual({ selects: '' });
  expect(fieldsOf(argo('Pod', {}, { labels }))).toMatchObject({ hash: 'bbb', role: 'canary' });
  expect(fieldsOf(argo('Pod', {}))).not.toHaveProperty('role');
});

const rollout = (status: object, metadata: object = {}, spec: object = {}): KubeObject =>
  argo('Rollout', { spec, status: { observedGeneration: '2', ...status } }, metadata);

describe('where a Rollout stands', () => {
  test.each([
    ['Healthy', 'Current'],
    ['Degraded', 'Failed'],
    ['Progressing', 'InProgress'],
    ['Paused', 'InProgress'],
    ['', 'InProgress'],
  ])('phase %s is %s', (phase, standing) => {
    expect(statusOf(rollout({ phase, message: 'why' })).standing).toBe(standing);
  });

  test('what the controller has not seen yet is in progress, although the phase is still the old one', () => {
    expect(statusOf(rollout({ phase: 'Healthy' }, { generation: 3 }))).toEqual({
      standing: 'InProgress',
      message: 'generation 3 not seen yet, observed 2',
    });
    expect(statusOf(argo('Rollout', {})).standing).toBe('InProgress');
  });

  test('a change of the Deployment that it refers to must be seen too', () => {
    const annotations = { 'rollout.argoproj.io/workload-generation': '5' };
    const by_reference = (observed: string): KubeObject =>
      rollout(
        { phase: 'Healthy', workloadObservedGeneration: observed },
        { annotations },
        { workloadRef: { name: 'shop' } },
      );
    expect(statusOf(by_reference('4')).standing).toBe('InProgress');
    expect(statusOf(by_reference('5')).standing).toBe('Current');
  });

  test.each([
    ['Successful', 'Current'],
    ['Failed', 'Failed'],
    ['Error', 'Failed'],
    ['Inconclusive', 'Failed'],
    ['Running', 'InProgress'],
  ])('an AnalysisRun that is %s stands %s', (phase, standing) => {
    expect(statusOf(argo('AnalysisRun', { status: { phase } })).standing).toBe(standing);
  });
});
