import { describe, expect, test } from 'vitest';
import { FLAGGER_SERIES } from '#harness/core/flagger-series.ts';
import {
  type Alteration,
  adding,
  altered,
  declaring,
  withFields,
  without,
} from '#harness/core/testing/altered.ts';
import { planOf, type SyntheticRunOptions } from '#harness/core/testing/synthetic-plan.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { type Draft, type EpochMs, type KubernetesObjectData, Timeline } from '#harness/core/timeline.ts';
import type { Rule } from '../../rule.ts';
import { f7 } from './f7.ts';
import { f9 } from './f9.ts';
import { f11 } from './f11.ts';
import { f33 } from './f33.ts';
import { f35 } from './f35.ts';
import { f36 } from './f36.ts';

type Fields = KubernetesObjectData['fields'];

const CANARY = 'Canary/shop-demo/shop';
const TARGET = 'Deployment/shop-demo/shop';
const PRIMARY = 'Deployment/shop-demo/shop-primary';

function judged(
  rule: Rule,
  options: SyntheticRunOptions,
  ...changes: readonly Alteration[]
): readonly [string, string] {
  const { outcome, reason } = rule.judge(new Timeline(altered(syntheticRun(options), ...changes)));
  return [outcome, reason];
}

function object(
  at: EpochMs,
  subject: string,
  fields: Fields,
  verb: KubernetesObjectData['verb'] = 'modified',
): Draft & { readonly at: EpochMs } {
  return { at, source: 'kubernetes', kind: 'object', subject, data: { verb, resource_version: '1', fields } };
}

const GOOD = { outcome: 'promotion' } as const;

/** Users never meet the release, because its pods never serve. */
const unmet: Alteration = (records) =>
  records.map((record) =>
    record.source === 'load' && record.kind === 'second'
      ? {
          ...record,
          data: { ...record.data, series: record.data.series.filter(({ release }) => release !== 'v2') },
        }
      : record,
  );
/** The Canary fails at a time, and at no other. */
const failedAt = (at: EpochMs): Alteration[] => [
  withFields(CANARY, ({ phase }) => (phase === 'Failed' ? { phase: 'Progressing' } : undefined)),
  adding(object(at, CANARY, { phase: 'Failed', weight_pct: 0, failed_checks: 0 })),
];

describe('F7', () => {
  const plan = planOf({});
  const asked = plan.seen_at + 90;
  const deadline = declaring({ progress_deadline_s: 20 });
  const never = withFields(TARGET, ({ replicas }) => (replicas === 0 ? undefined : { ready: 0 }));

  test('holds for a rollback after the deadline', () => {
    expect(judged(f7, {}, deadline, never, unmet, ...failedAt(asked + 25_000))[0]).toBe('pass');
  });

  test('is broken by one that comes too early, too late, or never', () => {
    for (const after_ms of [12_000, 48_000]) {
      expect(judged(f7, {}, deadline, never, unmet, ...failedAt(asked + after_ms))[0]).toBe('fail');
    }
    const stays = withFields(CANARY, ({ phase }) =>
      phase === 'Failed' ? { phase: 'Progressing' } : undefined,
    );
    expect(judged(f7, {}, deadline, never, unmet, stays)).toEqual(['fail', 'still Progressing']);
  });

  test('is broken where users met the release', () => {
    expect(judged(f7, {}, deadline, never, ...failedAt(asked + 25_000))[0]).toBe('fail');
  });

  test('says nothing of pods that became ready, or without a deadline', () => {
    expect(judged(f7, {}, deadline)[0]).toBe('inconclusive');
    expect(judged(f7, {}, never)[0]).toBe('inconclusive');
  });
});

describe('F9', () => {
  const plan = planOf(GOOD);
  const copied = (plan.primary_replaced_at ?? Number.NaN) - 3_000;
  /** From the copy on the primary fails, and the controller does what it says. */
  const failing = (canary_pct: number, replicas: number, told: boolean): Alteration[] => [
    (records) =>
      records.filter(
        ({ at, source, kind }) =>
          at < copied + 1_000 || !['kubernetes', 'gateway', 'chat'].includes(source) || kind === 'observer',
      ),
    adding(
      object(copied + 5_000, CANARY, { phase: 'Failed', weight_pct: canary_pct, failed_checks: 0 }),
      object(copied + 5_100, TARGET, { replicas, ready: replicas }),
      {
        at: copied + 5_000,
        source: 'gateway',
        kind: 'weight',
        subject: 'TraefikService/shop-demo/shop',
        data: { primary_pct: 100 - canary_pct, canary_pct },
      },
      ...(told
        ? [
            {
              at: copied + 4_900,
              source: 'chat',
              kind: 'message',
              subject: CANARY,
              data: {
                sender: 'flagger',
                channel: 'rollouts',
                text: 'Promotion failed, primary not ready',
                severity: 'danger',
                fields: {},
              },
            } as const,
          ]
        : []),
    ),
  ];

  const stuck: Alteration = (records) =>
    records.filter(({ at, subject }) => at < copied + 1_000 || subject !== CANARY);

  test('holds where the canary serves everybody, and an alert says so', () => {
    expect(judged(f9, GOOD, ...failing(100, 2, true))[0]).toBe('pass');
  });

  test.each([
    ['all traffic goes to the primary', 0, 2, true],
    ['a hundredth stays on the primary', 99.01, 2, true],
    ['the canary is scaled down', 100, 0, true],
    ['nobody is told', 100, 2, false],
  ])('is broken where %s', (_what, canary_pct, replicas, told) => {
    expect(judged(f9, GOOD, ...failing(canary_pct, replicas, told))[0]).toBe('fail');
  });

  test('is broken by a promotion that comes to no end', () => {
    expect(judged(f9, GOOD, stuck)).toEqual(['fail', 'the Canary is Promoting, not Failed']);
  });

  test('says nothing of a run without a promotion', () => {
    expect(judged(f9, {})[0]).toBe('inconclusive');
  });
});

describe('F11', () => {
  test('holds where the primary is ready first', () => {
    expect(judged(f11, GOOD)[0]).toBe('pass');
  });

  test('is broken where a pod of the primary is not ready when the traffic leaves', () => {
    const unready = withFields('Pod/shop-demo/shop-primary-5b8f44-k2x', () => ({ ready: false }));
    expect(judged(f11, GOOD, unready)).toEqual(['fail', expect.stringContaining('1 of 2')]);
  });

  test('says nothing of a rollback', () => {
    expect(judged(f11, {})[0]).toBe('inconclusive');
  });
});

describe('F33', () => {
  const { settled_at } = planOf({});
  const asked = object(settled_at + 1_000, CANARY, { phase: 'Terminating', weight_pct: 0, failed_checks: 0 });

  test('holds for as long as the primary stays, and where the target was ready first', () => {
    expect(judged(f33, {}, adding(asked))[0]).toBe('pass');
    const ready = object(settled_at + 3_000, TARGET, { replicas: 2, ready: 2 });
    const gone = object(settled_at + 4_000, PRIMARY, { replicas: 2, ready: 2 }, 'deleted');
    expect(judged(f33, {}, adding(asked, ready, gone))[0]).toBe('pass');
  });

  test('is broken where the primary goes first', () => {
    const gone = object(settled_at + 4_000, PRIMARY, { replicas: 2, ready: 2 }, 'deleted');
    expect(judged(f33, {}, adding(asked, gone))).toEqual([
      'fail',
      expect.stringContaining('no ready pods of the target'),
    ]);
  });

  test('says nothing where nothing was deleted', () => {
    expect(judged(f33, {})[0]).toBe('inconclusive');
  });
});

describe('F35', () => {
  const never = { outcome: 'never-rolled-back', exposure_s: 50 } as const;
  const [step] = planOf(never).weights;
  const emptied = adding(object((step?.at ?? 0) + 1_000, PRIMARY, { replicas: 0, ready: 2 }));

  test('holds where it goes no further', () => {
    expect(judged(f35, never, emptied)[0]).toBe('pass');
  });

  test('is broken where it goes on', () => {
    const early = adding(object(planOf(GOOD).shipped_at + 11_000, PRIMARY, { replicas: 0, ready: 2 }));
    expect(judged(f35, GOOD, early)).toEqual(['fail', expect.stringContaining('it went on')]);
  });

  test('says nothing where the primary kept its pods', () => {
    expect(judged(f35, never)[0]).toBe('inconclusive');
  });
});

/** Flagger's metrics of a synthetic run, told every two seconds from what the plan says. */
function metrics(
  options: SyntheticRunOptions,
  { weight = 0, failures = 0 }: { readonly weight?: number; readonly failures?: number } = {},
): Alteration {
  const plan = planOf(options);
  const times: EpochMs[] = [];
  for (let at = plan.started_at; at < plan.load_until; at += 2_000) times.push(at);
  const canary = (at: EpochMs): number => plan.weights.findLast((step) => step.at <= at)?.canary_pct ?? 0;
  const end = plan.withdrawn_at ?? plan.promoted_at ?? Number.POSITIVE_INFINITY;
  const ended = plan.withdrawn_at === undefined ? 1 : 2;
  const status = (at: EpochMs): number => (at < plan.seen_at ? 1 : at < end ? 0 : ended);
  const series = (
    subject: string,
    labels: Record<string, string>,
    value: (at: EpochMs) => number,
  ): Draft & { readonly at: EpochMs } => ({
    at: plan.load_until + 200,
    source: 'prometheus',
    kind: 'series',
    subject,
    data: { query: subject, labels, samples: times.map((at) => [at, value(at)]) },
  });
  return adding(
    series(FLAGGER_SERIES.status, {}, status),
    series(FLAGGER_SERIES.weight, { workload: 'shop' }, (at) => canary(at) + weight),
    series(FLAGGER_SERIES.weight, { workload: 'shop-primary' }, (at) => 100 - canary(at)),
    plan.withdrawn_at === undefined
      ? series(FLAGGER_SERIES.successes, {}, () => 1)
      : series(FLAGGER_SERIES.failures, {}, () => 1 + failures),
  );
}

describe('F36', () => {
  test('holds where the metrics say what states and weights say', () => {
    expect(judged(f36, {}, metrics({}))).toEqual(['pass', expect.any(String)]);
    expect(judged(f36, GOOD, metrics(GOOD))).toEqual(['pass', expect.any(String)]);
  });

  test('is broken by another weight, or a failure that is counted twice', () => {
    expect(judged(f36, {}, metrics({}, { weight: 1 }))[0]).toBe('fail');
    expect(judged(f36, {}, metrics({}, { failures: 1 }))).toEqual([
      'fail',
      `${FLAGGER_SERIES.failures} counts 2, not 1`,
    ]);
  });

  test('is broken by a status that stays', () => {
    const stays = metrics({ outcome: 'never-rolled-back' });
    expect(judged(f36, {}, stays)[0]).toBe('fail');
  });

  test('says nothing without the metrics', () => {
    expect(judged(f36, {})[0]).toBe('inconclusive');
    expect(judged(f36, {}, metrics({}), without('prometheus'))[0]).toBe('inconclusive');
  });
});
