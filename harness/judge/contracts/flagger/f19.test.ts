import { describe, expect, test } from 'vitest';
import { f19 } from './f19.ts';
import { call, canary, event, judged, observed, shipped, spec } from './testing/made.ts';

const told = (seconds: number, message: string, status = 200) =>
  call(seconds, '/event', status, {
    metadata: { 'metadata.eventMessage': message, 'metadata.eventType': 'Normal' },
    delay_ms: status === 0 ? 1000 : 0,
  });
const run = [
  spec(),
  ...observed('kubernetes', 'gate'),
  shipped(),
  event(10, 'New revision detected!'),
  told(10, 'New revision detected!', 0),
];

describe('F19', () => {
  test('a dead receiver costs its time-out and no tick', () => {
    expect(judged(f19, run, canary(30, 'Progressing', { weight_pct: 20 })).outcome).toBe('pass');
  });

  test('a rollout that a dead receiver holds up is noticed', () => {
    expect(judged(f19, run, canary(60, 'Progressing', { weight_pct: 20 })).reason).toMatch(/50\.0 s after/);
  });

  test('an event that nobody was told of is noticed', () => {
    const records = [canary(30, 'Progressing', { weight_pct: 20 }), event(30, 'Advance shop')];
    expect(judged(f19, run, records).reason).toMatch(/nobody was told of "Advance shop"/);
  });

  test('an event that Kubernetes combined with others is known by its words', () => {
    const records = [
      canary(30, 'Progressing', { weight_pct: 20 }),
      event(30, '(combined from similar events): Advance shop'),
      told(30, 'Advance shop'),
    ];
    expect(judged(f19, run, records).outcome).toBe('pass');
  });

  test('a receiver that never died proves nothing', () => {
    expect(judged(f19, run.slice(0, -1), told(10, 'New revision detected!')).outcome).toBe('inconclusive');
  });
});
