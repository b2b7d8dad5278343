import { describe, expect, test } from 'vitest';
import {
  type Alteration,
  adding,
  altered,
  declaring,
  withFields,
  without,
} from '#harness/core/testing/altered.ts';
import { argoPlanOf } from '#harness/core/testing/synthetic-argo-plan.ts';
import { syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { planOf, type SyntheticRunOptions } from '#harness/core/testing/synthetic-plan.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { type Draft, type EpochMs, Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { Rule } from '../../rule.ts';
import { s7 } from './ends.ts';
import { s1 } from './goes-on.ts';
import { s5 } from './told-first.ts';
import { unharmed } from './unharmed.ts';

const CANARY = 'Canary/shop-demo/shop';
const ROLLOUT = 'Rollout/shop-demo/shop';

function judged(
  rule: Rule,
  records: readonly TimelineRecord[],
  ...changes: readonly Alteration[]
): readonly [string, string] {
  const { outcome, reason } = rule.judge(new Timeline(altered(records, ...changes)));
  return [outcome, reason];
}

/** A fault that was proven to be on at a time, and off later. */
function fault(name: string, on: EpochMs, off: EpochMs): Alteration {
  const one = (kind: 'injected' | 'proven_on' | 'proven_off', at: EpochMs): Draft & { at: EpochMs } => ({
    at,
    source: 'fault',
    kind,
    subject: `${name} on something`,
    data: { fault: name, detail: '' },
  });
  return adding(one('injected', on), one('proven_on', on + 50), one('proven_off', off));
}

const event = (at: EpochMs, subject: string, message: string): Draft & { at: EpochMs } => ({
  at,
  source: 'kubernetes',
  kind: 'event',
  subject,
  data: { type: 'Normal', reason: 'Synced', message, count: 1, reporter: 'flagger' },
});

const GOOD: SyntheticRunOptions = { outcome: 'promotion' };

describe('S1', () => {
  const plan = planOf({});
  const [first_failed = 0] = plan.failed_checks_at;
  const killed_at = first_failed + 1_000;
  const killed = fault('controller-killed', killed_at, killed_at + 3_000);

  test('holds for Flagger that goes on counting where it was', () => {
    expect(judged(s1, syntheticRun({}), killed)[0]).toBe('pass');
  });

  test('is broken by a count that goes back, a second analysis, and an end that never comes', () => {
    const forgets = withFields(CANARY, ({ phase, failed_checks }, at) =>
      at > killed_at && phase === 'Progressing' ? { failed_checks: Number(failed_checks) - 2 } : undefined,
    );
    expect(judged(s1, syntheticRun({}), killed, forgets)).toEqual([
      'fail',
      expect.stringMatching(/^failed_checks went from \d back to -?\d$/),
    ]);
    const anew = adding(event(killed_at + 2_000, CANARY, 'New revision detected! Scaling up shop.shop-demo'));
    expect(judged(s1, syntheticRun({}), killed, anew)).toEqual(['fail', '2 analyses were begun']);
    expect(judged(s1, syntheticRun({ outcome: 'never-rolled-back' }), killed)).toEqual([
      'fail',
      'it never came to the rollback',
    ]);
  });

  test('holds for Argo Rollouts, unless a step is taken back or an analysis made anew', () => {
    const argo = argoPlanOf({});
    const [first] = argo.weights;
    const at = (first?.at ?? 0) + 2_000;
    const dead = fault('controller-killed', at, at + 18_000);
    expect(judged(s1, syntheticArgoRun({}), dead)[0]).toBe('pass');
    const good = argoPlanOf(GOOD);
    const second_at = (good.weights[1]?.at ?? 0) + 2_000;
    const later = fault('controller-killed', second_at, second_at + 18_000);
    const back = withFields(ROLLOUT, ({ phase }, when) =>
      when > second_at && phase === 'Paused' ? { step: 1 } : undefined,
    );
    expect(judged(s1, syntheticArgoRun(GOOD), later)[0]).toBe('pass');
    expect(judged(s1, syntheticArgoRun(GOOD), later, back)).toEqual(['fail', 'step went from 3 back to 1']);
    const anew = adding({
      at: at + 5_000,
      source: 'kubernetes',
      kind: 'object',
      subject: 'AnalysisRun/shop-demo/shop-another-2',
      data: { verb: 'added', resource_version: '9', fields: { type: 'Background', phase: 'Running' } },
    });
    expect(judged(s1, syntheticArgoRun({}), dead, anew)).toEqual(['fail', '2 analyses were begun']);
  });

  test('proves nothing without a death, or without states', () => {
    expect(judged(s1, syntheticRun({}))[0]).toBe('inconclusive');
    expect(judged(s1, syntheticRun({}), killed, without('kubernetes', 'object'))[0]).toBe('inconclusive');
  });
});

/** Nobody is answered well for a second. */
const unanswered =
  (from: EpochMs): Alteration =>
  (records) =>
    records.map((record) =>
      record.source === 'load' && record.kind === 'second' && record.at > from && record.at <= from + 1_000
        ? {
            ...record,
            data: { ...record.data, series: record.data.series.map((one) => ({ ...one, bad: true })) },
          }
        : record,
    );

describe('S2', () => {
  const s2 = unharmed('S2');
  const plan = planOf(GOOD);
  const on = (plan.weights[0]?.at ?? 0) + 1_000;
  const away = fault('api-server-restarted', on, on + 6_000);

  test('holds where a good release is promoted and everybody is answered well', () => {
    expect(judged(s2, syntheticRun(GOOD), away)[0]).toBe('pass');
  });

  test('is broken by a rollback, by no end, and by a request that fails meanwhile', () => {
    const failing = syntheticRun({});
    const of_failing = (planOf({}).weights[0]?.at ?? 0) + 1_000;
    expect(judged(s2, failing, fault('api-server-restarted', of_failing, of_failing + 6_000))).toEqual([
      'fail',
      expect.stringContaining('was rolled back'),
    ]);
    const endless = withFields(CANARY, ({ phase }) =>
      phase === 'Succeeded' ? { phase: 'Progressing' } : undefined,
    );
    expect(judged(s2, syntheticRun(GOOD), away, endless)).toEqual(['fail', 'it was not promoted']);
    expect(judged(s2, syntheticRun(GOOD), away, unanswered(on))).toEqual([
      'fail',
      expect.stringMatching(/^\d+ requests failed meanwhile$/),
    ]);
  });

  test('proves nothing without a fault', () => {
    expect(judged(s2, syntheticRun(GOOD))[0]).toBe('inconclusive');
  });
});

describe('S5', () => {
  const plan = planOf({});
  const withdrawn_at = plan.withdrawn_at ?? 0;
  const slow = fault('chat-slow', plan.shipped_at - 1_000, plan.load_until);
  /** The message of the rollback comes so long before the traffic is withdrawn. */
  const told = (before_ms: number): Alteration[] => [
    (records) => records.filter((record) => record.source !== 'chat' || record.data.severity !== 'danger'),
    adding({
      at: withdrawn_at - before_ms,
      source: 'chat',
      kind: 'message',
      subject: CANARY,
      data: {
        sender: 'flagger',
        channel: 'rollouts',
        text: 'Failed checks threshold reached 2',
        severity: 'danger',
        fields: {},
      },
    }),
  ];

  test('holds where the traffic is withdrawn as soon as it is told', () => {
    expect(judged(s5, syntheticRun({}), slow, ...told(300))[0]).toBe('pass');
  });

  test('is broken where users wait for the chat with it', () => {
    expect(judged(s5, syntheticRun({}), slow, ...told(4_500))).toEqual([
      'fail',
      'users were kept on the release for 4.5 s after the chat had been told that it is given up',
    ]);
  });

  test('proves nothing without a slow chat, or without a message', () => {
    expect(judged(s5, syntheticRun({}), ...told(300))[0]).toBe('inconclusive');
    expect(judged(s5, syntheticRun({}), slow, without('chat'))[0]).toBe('inconclusive');
    expect(judged(s5, syntheticRun(GOOD), declaring({}), slow)[0]).toBe('inconclusive');
  });
});

describe('S7', () => {
  const plan = planOf({});
  const fought = fault('gitops-reapplies', plan.shipped_at - 1_000, plan.load_until);

  test('holds where the release comes to its end, and is broken where it never does', () => {
    expect(judged(s7, syntheticRun({}), fought)[0]).toBe('pass');
    const endless = syntheticRun({ outcome: 'never-rolled-back' });
    expect(judged(s7, endless, fought)).toEqual(['fail', expect.stringMatching(/^no rollback in \d+/)]);
  });

  test('proves nothing where nobody set anything back', () => {
    expect(judged(s7, syntheticRun({}))[0]).toBe('inconclusive');
  });
});
