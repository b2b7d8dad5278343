import { describe, expect, test } from 'vitest';
import { f17 } from './f17.ts';
import { act, call, canary, judged, observed, shipped, spec } from './testing/made.ts';

const run = (phase: string) => [
  spec({ expected: 'rollback' }),
  ...observed('kubernetes', 'gate'),
  shipped(),
  canary(10, phase),
  ...act('ask for the rollback', 12, 34),
];

describe('F17', () => {
  test.each(['Waiting', 'Progressing'])('a rollback asked for in %s comes with the next tick', (phase) => {
    expect(judged(f17, run(phase), call(20, '/rollback', 200), canary(20.1, 'Failed')).outcome).toBe('pass');
  });

  test('a hook that is not called while it waits is noticed', () => {
    const { outcome, reason } = judged(
      f17,
      run('Waiting'),
      canary(40, 'Progressing'),
      call(50, '/rollback', 200),
      canary(50.1, 'Failed'),
    );
    expect(outcome).toBe('fail');
    expect(reason).toMatch(/called 0 times in that phase; once in Progressing, 10\.1 s later/);
  });

  test('a rollback that nobody asked for proves nothing', () => {
    const unasked = run('Waiting').filter((one) => one.source !== 'harness' || one.kind !== 'phase');
    expect(judged(f17, unasked).outcome).toBe('inconclusive');
  });
});
