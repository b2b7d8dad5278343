import { describe, expect, test } from 'vitest';
import { f32 } from './f32.ts';
import { act, canary, judged, load, observed, shipped, spec, state } from './testing/made.ts';

const run = [spec(), ...observed('kubernetes'), shipped(), ...act('make the Canary', -40, -18)];
const made = [canary(-20, 'Initialized'), state(-19, 'Deployment/shop', { replicas: 0 })];
const served = load(-60, 10, { count: 50 });

describe('F32', () => {
  test('nobody notices', () => {
    expect(judged(f32, run, made, served).outcome).toBe('pass');
  });

  test.each([
    [
      'a request is lost',
      [...made, ...load(-20, -19, { count: 3, bad: true })],
      /3 of \d+ requests were lost/,
    ],
    ['it is never initialised', [state(-19, 'Deployment/shop', { replicas: 0 })], /never initialised/],
    [
      'the Deployment stays',
      [canary(-20, 'Initialized'), state(-19, 'Deployment/shop', { replicas: 2 })],
      /not scaled to 0/,
    ],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f32, run, served, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('without load nothing is known', () => {
    expect(judged(f32, run, made).outcome).toBe('inconclusive');
  });
});
