import { describe, expect, test } from 'vitest';
import { f31 } from './f31.ts';
import { canary, judged, type Made, moment, observed, shipped, spec, state } from './testing/made.ts';

const version = (seconds: number, text: string): Made => ({
  at: moment(seconds),
  source: 'harness',
  kind: 'running_version',
  subject: 'flagger',
  data: { cluster: 'c', image_version: text, reported_version: text },
});
const run = [
  spec(),
  ...observed('kubernetes'),
  shipped(),
  state(-55, 'Deployment/shop-primary', { replicas: 2 }, { generation: 1 }),
  version(-45, '1.43.0'),
  canary(-40, 'Initialized'),
  state(-40, 'Deployment/shop', { replicas: 0 }),
];
const upgraded = version(-30, '1.44.0');

describe('F31', () => {
  test('a newer version lets everything rest', () => {
    expect(judged(f31, run, upgraded).outcome).toBe('pass');
  });

  test.each([
    ['the Canary begins an analysis', canary(-15, 'Progressing'), /phase Progressing/],
    ['the canary is scaled up', state(-15, 'Deployment/shop', { replicas: 2 }), /scaled up/],
    [
      'the primary changes',
      state(-15, 'Deployment/shop-primary', { replicas: 2 }, { generation: 2 }),
      /specification changed/,
    ],
  ])('%s', (_, record, says) => {
    const { outcome, reason } = judged(f31, run, upgraded, record);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('the same version twice, or too short a look, proves nothing', () => {
    expect(judged(f31, run, version(-30, '1.43.0')).outcome).toBe('inconclusive');
    expect(judged(f31, run, version(-10, '1.44.0')).outcome).toBe('inconclusive');
  });
});
