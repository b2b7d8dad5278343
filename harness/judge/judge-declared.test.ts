import { describe, expect, test } from 'vitest';
import { type Alteration, adding, altered, declaring, withFields } from '#harness/core/testing/altered.ts';
import { syntheticRun, type SyntheticRunOptions } from '#harness/core/testing/synthetic-run.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { judgeRollout } from './flagger.ts';

function outcomes(
  options: SyntheticRunOptions,
  ...changes: readonly Alteration[]
): Readonly<Record<string, string>> {
  const verdict = judgeRollout(new Timeline(altered(syntheticRun(options), ...changes)));
  return Object.fromEntries(verdict.rules.map(({ rule, outcome }) => [rule, outcome]));
}

const shipped_at = ((): number => {
  const shipped = syntheticRun().find(({ source, kind }) => source === 'release' && kind === 'shipped');
  return shipped?.at ?? Number.NaN;
})();

const phase = (subject: string, state: 'started' | 'done'): Alteration =>
  adding({ at: shipped_at + 1000, source: 'harness', kind: 'phase', subject, data: { state } });

const fault = (
  kind: 'injected' | 'proven_on' | 'healed' | 'proven_off',
  after_s: number,
  by?: 'run' | 'lease',
): Alteration =>
  adding({
    at: shipped_at + after_s * 1000,
    source: 'fault',
    kind,
    subject: 'pod-kill on Pod/shop/a',
    data: { fault: 'pod-kill', detail: 'one pod', ...(by === undefined ? {} : { by }) },
  });

describe('what a run declares decides what it is judged by', () => {
  test('a contract that is named is judged by its rule', () => {
    expect(outcomes({}, declaring({ contracts: ['F1'] }))['F1']).toBe('pass');
    expect(outcomes({})['F1']).toBeUndefined();
  });

  test('a contract that nobody judges is inconclusive', () => {
    expect(outcomes({}, declaring({ contracts: ['F999'] }))['F999']).toBe('inconclusive');
  });

  test('a rule is left out only by its name', () => {
    const left_out = outcomes(
      {},
      declaring({ rules_left_out: { exposure: 'nobody meets it', 'fault-took': 'never serves' } }),
    );
    expect(left_out['exposure']).toBeUndefined();
    expect(left_out['fault-took']).toBeUndefined();
    expect(left_out['rolled-back']).toBe('pass');
  });
});

describe('acts that are timed to a moment', () => {
  test('one that was carried out is a ground to stand on', () => {
    const judged = outcomes(
      {},
      declaring({ moments: ['kill'] }),
      phase('kill', 'started'),
      phase('kill', 'done'),
    );
    expect(judged['moments-came']).toBe('pass');
  });

  test('one that never came proves nothing, and demotes what is broken', () => {
    const judged = outcomes({ exposure_s: 40 }, declaring({ moments: ['kill'] }));
    expect(judged['moments-came']).toBe('inconclusive');
    expect(judged['exposure']).toBe('inconclusive');
  });
});

describe('faults beside a rollout', () => {
  const whole = [fault('injected', 1), fault('proven_on', 2), fault('healed', 8), fault('proven_off', 9)];

  test('proven on and off', () => {
    expect(outcomes({}, ...whole)['faults-proven']).toBe('pass');
  });

  test.each([
    ['was never seen to take', 1],
    ['was never seen to be gone', 3],
  ])('one that %s proves nothing', (_what, missing) => {
    const judged = outcomes({}, ...whole.filter((_one, index) => index !== missing));
    expect(judged['faults-proven']).toBe('inconclusive');
  });

  test.each([
    ['run', 'pass'],
    ['lease', 'inconclusive'],
  ] as const)('one that the %s ended is %s: a run that still counted on it proves nothing', (by, outcome) => {
    const ended = whole.map((one, index) => (index === 2 ? fault('healed', 8, by) : one));
    expect(outcomes({}, ...ended)['faults-proven']).toBe(outcome);
  });

  test('the proof of one is not that of another of the same name later', () => {
    const again = [fault('injected', 11), fault('healed', 12)];
    expect(outcomes({}, ...whole, ...again)['faults-proven']).toBe('inconclusive');
  });
});

describe('a release that is held', () => {
  const held = declaring({ expected: 'hold' });
  const waiting = withFields('Canary/', (_fields, at) =>
    at > shipped_at ? { phase: 'Waiting', weight_pct: 0 } : undefined,
  );

  test('neither end comes, and the former release serves', () => {
    expect(outcomes({}, held, waiting)['held']).toBe('pass');
  });

  test('a rollback is noticed', () => {
    expect(outcomes({}, held)['held']).toBe('fail');
  });

  test('a promotion is noticed', () => {
    expect(outcomes({ outcome: 'promotion' }, held)['held']).toBe('fail');
  });
});
