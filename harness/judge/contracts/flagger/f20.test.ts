import { describe, expect, test } from 'vitest';
import { f20 } from './f20.ts';
import { act, canary, judged, observed, shipped, spec, state } from './testing/made.ts';

const MAP = 'ConfigMap/settings';
const COPY = 'ConfigMap/settings-primary';
const run = [
  spec(),
  ...observed('kubernetes', 'configuration'),
  shipped(0, 'v2', 'ConfigMap/shop-1/settings'),
  state(-40, MAP, { content: 'a' }),
  state(-40, COPY, { content: 'a' }),
  state(0, MAP, { content: 'b' }),
];
const promoted = [
  canary(9, 'Progressing'),
  state(50, COPY, { content: 'b' }),
  canary(50.1, 'Promoting'),
  canary(70, 'Succeeded'),
];

describe('F20', () => {
  test('a change starts an analysis, and the copy follows with the promotion', () => {
    expect(judged(f20, run, promoted).outcome).toBe('pass');
  });

  test.each([
    ['no analysis is started', [], /started no analysis/],
    ['an analysis is started late', [canary(30, 'Progressing')], /only after 30\.0 s/],
    [
      'the copy changes before the promotion',
      [...promoted, state(20, COPY, { content: 'b' })],
      /without a promotion/,
    ],
    [
      'the copy is left behind',
      promoted.filter((one) => one.source !== 'kubernetes' || !one.subject.endsWith('settings-primary')),
      /is not what it copies/,
    ],
    [
      'an init container of the primary reads the original',
      [...promoted, state(51, 'Deployment/shop-primary', { init_references: 'settings other' })],
      /reads settings itself/,
    ],
    [
      'a map that opted out starts an analysis',
      [...promoted, ...act('change what opted out', -15, -14), canary(-5, 'Progressing')],
      /opted out/,
    ],
  ])('%s', (_, records, says) => {
    const { outcome, reason } = judged(f20, run, records);
    expect(outcome).toBe('fail');
    expect(reason).toMatch(says);
  });

  test('maps that nobody watched prove nothing', () => {
    expect(judged(f20, spec(), shipped(), ...observed('kubernetes'), promoted).outcome).toBe('inconclusive');
  });
});
