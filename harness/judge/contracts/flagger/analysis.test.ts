import { describe, expect, test } from 'vitest';
import { METRIC_LIES } from '#harness/core/metric-lies.ts';
import {
  type Alteration,
  adding,
  altered,
  declaring,
  withFields,
  without,
} from '#harness/core/testing/altered.ts';
import { syntheticRun, type SyntheticRunOptions } from '#harness/core/testing/synthetic-run.ts';
import { type EpochMs, Timeline } from '#harness/core/timeline.ts';
import type { Rule } from '../../rule.ts';
import { f1 } from './f1.ts';
import { f3 } from './f3.ts';
import { f4 } from './f4.ts';
import { f5 } from './f5.ts';
import { f6 } from './f6.ts';
import { f8 } from './f8.ts';

const SUBJECT = 'Canary/shop-demo/shop';

function judged(
  rule: Rule,
  options: SyntheticRunOptions,
  ...changes: readonly Alteration[]
): readonly [string, string] {
  const { outcome, reason } = rule.judge(new Timeline(altered(syntheticRun(options), ...changes)));
  return [outcome, reason];
}

/** When the Canary of a run came to a phase first. */
function phaseAt(options: SyntheticRunOptions, phase: string, weight_pct?: number): EpochMs {
  const found = syntheticRun(options).find(
    (record) =>
      record.source === 'kubernetes' &&
      record.kind === 'object' &&
      record.subject === SUBJECT &&
      record.data.fields['phase'] === phase &&
      (weight_pct === undefined || record.data.fields['weight_pct'] === weight_pct),
  );
  return found?.at ?? Number.NaN;
}

describe('F1', () => {
  test('holds for a rollback at the threshold', () => {
    expect(judged(f1, {})[0]).toBe('pass');
  });

  test('is broken by a rollback that never comes, or too late', () => {
    expect(judged(f1, { outcome: 'never-rolled-back' })[0]).toBe('fail');
    expect(judged(f1, { exposure_s: 45 })[0]).toBe('fail');
  });

  test('is broken where the release counts as promoted after all', () => {
    const promoted = withFields(SUBJECT, () => ({ last_applied: 'a1', last_promoted: 'a1' }));
    expect(judged(f1, {}, promoted)).toEqual(['fail', expect.stringContaining('counts as promoted')]);
    const differ = withFields(SUBJECT, () => ({ last_applied: 'a1', last_promoted: 'b2' }));
    expect(judged(f1, {}, differ)[0]).toBe('pass');
  });

  test('says nothing of a run without a cluster', () => {
    expect(judged(f1, {}, without('kubernetes'))[0]).toBe('inconclusive');
  });
});

/** The acts that change what a check answers, at their times. */
function lies(...acts: readonly (readonly [string, EpochMs])[]): Alteration {
  return adding(
    ...acts.flatMap(([subject, at]) =>
      (['started', 'done'] as const).map(
        (step, index) =>
          ({ at: at + index, source: 'harness', kind: 'phase', subject, data: { state: step } }) as const,
      ),
    ),
  );
}

/** The Canary with another number of failed checks at a time. */
function state(at: EpochMs, weight_pct: number, failed_checks: number, phase = 'Progressing'): Alteration {
  const fields = { phase, weight_pct, failed_checks };
  return adding({
    at,
    source: 'kubernetes',
    kind: 'object',
    subject: SUBJECT,
    data: { verb: 'modified', resource_version: '1', fields },
  });
}

function said(at: EpochMs, message: string): Alteration {
  return adding({
    at,
    source: 'kubernetes',
    kind: 'event',
    subject: SUBJECT,
    data: { type: 'Warning', reason: 'Synced', message, count: 1, reporter: 'flagger' },
  });
}

const NO_VALUES = 'Halt advancement no values found for custom metric: error-rate: no values found';

describe('F3', () => {
  // 10 % is reached at `from`, and 20 % ten seconds later: what lies between is the time of the lies.
  const from = phaseAt({ outcome: 'promotion' }, 'Progressing', 10);
  const spans = lies(
    [METRIC_LIES.nan, from + 100],
    [METRIC_LIES.empty, from + 4_000],
    [METRIC_LIES.truth, from + 8_000],
  );
  const noticed = [
    state(from + 2_000, 10, 1),
    said(from + 2_000, NO_VALUES),
    state(from + 6_000, 10, 2),
    said(from + 6_000, NO_VALUES),
  ];

  test('holds where each look without a value fails, and the release goes on with values', () => {
    expect(judged(f3, { outcome: 'promotion' }, spans, ...noticed)[0]).toBe('pass');
  });

  test('is broken by an advance, or by a look that nothing came of', () => {
    const advanced = state(from + 3_000, 20, 1);
    expect(judged(f3, { outcome: 'promotion' }, spans, ...noticed, advanced)).toEqual([
      'fail',
      expect.stringContaining('it advanced while the check answers NaN'),
    ]);
    expect(judged(f3, { outcome: 'promotion' }, spans)[0]).toBe('fail');
  });

  test('says nothing where the check was never lied to', () => {
    expect(judged(f3, { outcome: 'promotion' })[0]).toBe('inconclusive');
  });
});

describe('F4', () => {
  const options = { threshold: 3 };
  const from = phaseAt(options, 'Progressing', 10);
  const acts = lies(
    [METRIC_LIES.slow, from + 100],
    [METRIC_LIES.cut, from + 11_000],
    [METRIC_LIES.refused, from + 21_000],
  );

  test('holds where each interval costs a failed check, up to the rollback', () => {
    expect(judged(f4, options, acts)[0]).toBe('pass');
  });

  test('is broken where the rollback never comes, or the canary advances', () => {
    expect(judged(f4, { ...options, outcome: 'never-rolled-back', exposure_s: 40 }, acts)[0]).toBe('fail');
    expect(judged(f4, options, acts, state(from + 5_000, 40, 0))[0]).toBe('fail');
  });

  test('says nothing where Prometheus was always there', () => {
    expect(judged(f4, options)[0]).toBe('inconclusive');
  });
});

describe('F5', () => {
  const from = phaseAt({}, 'Progressing', 10);
  const act = lies([METRIC_LIES.infinite, from + 100]);

  test('holds where +Inf fails the check', () => {
    expect(judged(f5, {}, act)[0]).toBe('pass');
  });

  test('is broken where the canary advances on it', () => {
    const advanced = state(from + 5_000, 40, 0);
    expect(judged(f5, {}, act, advanced)).toEqual(['fail', 'it advanced on +Inf']);
  });

  test('says nothing where no check answered +Inf', () => {
    expect(judged(f5, {})[0]).toBe('inconclusive');
  });
});

describe('F6', () => {
  const none = withFields(SUBJECT, () => ({ checks: 0 }));
  const bad = { outcome: 'promotion', bad_pct: 50 } as const;

  test('holds where the release is promoted however bad it is', () => {
    expect(judged(f6, bad, none)).toEqual(['pass', expect.stringContaining('is not safe')]);
  });

  test('is broken where it is rolled back', () => {
    expect(judged(f6, {}, none)[0]).toBe('fail');
  });

  test('says nothing of a Canary with checks', () => {
    expect(
      judged(
        f6,
        bad,
        withFields(SUBJECT, () => ({ checks: 1 })),
      )[0],
    ).toBe('inconclusive');
  });
});

describe('F8', () => {
  test('holds where the chat is told', () => {
    expect(judged(f8, {})[0]).toBe('pass');
  });

  test('is broken by silence', () => {
    expect(judged(f8, { failure_messages: 0 })).toEqual(['fail', expect.stringContaining('nobody was told')]);
  });

  test('says nothing without a rollback, or without the chat', () => {
    expect(judged(f8, { outcome: 'promotion' })[0]).toBe('inconclusive');
    const lost = adding({
      at: phaseAt({}, 'Failed'),
      source: 'harness',
      kind: 'observer',
      subject: 'chat',
      data: { state: 'lost' },
    });
    expect(judged(f8, {}, lost)[0]).toBe('inconclusive');
  });

  test('counts no other message than one about this Canary', () => {
    expect(judged(f8, { failure_messages: 0 }, declaring({ app: 'shop' }))[0]).toBe('fail');
  });
});
