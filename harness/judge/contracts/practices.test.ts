import { describe, expect, it } from 'vitest';
import type { ComparisonData } from '#harness/core/comparison.ts';
import { adding, altered, type Alteration, declaring, without } from '#harness/core/testing/altered.ts';
import { syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { syntheticRun, type SyntheticRunOptions } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { RuleVerdict } from '#harness/core/verdict.ts';
import { PRACTICE_RULES } from './practices.ts';

function judge(
  id: string,
  records: readonly TimelineRecord[],
  ...changes: readonly Alteration[]
): RuleVerdict {
  const rule = PRACTICE_RULES.find((one) => one.id === id);
  if (!rule) throw new Error(`no rule ${id}`);
  return rule.judge(new Timeline(altered(records, ...changes)));
}

const shippedAt = (records: readonly TimelineRecord[]): number =>
  records.find(({ kind }) => kind === 'shipped')?.at ?? 0;

/** A fault that was proven to be on so many seconds after the shipping. */
function faultOn(records: readonly TimelineRecord[], after_s: number): Alteration {
  const data = { fault: 'pod-kill', detail: '1 of 1 pods are gone' };
  return adding({
    at: shippedAt(records) + after_s * 1000,
    source: 'fault',
    kind: 'proven_on',
    subject: 'fault-1',
    data,
  });
}

/** The alert of the run fired so many seconds after the shipping. */
function fires(records: readonly TimelineRecord[], after_s: number): Alteration {
  const { name = '' } = new Timeline(records).of('harness', 'spec')[0]?.data.alert ?? {};
  return adding({
    at: shippedAt(records) + after_s * 1000,
    source: 'prometheus',
    kind: 'alert',
    subject: name,
    data: { state: 'firing' },
  });
}

describe.each(['P1', 'P2', 'P3', 'P4', 'P6'])('%s: taken back by the check', (id) => {
  it('holds where failed looks led to the rollback, by either controller', () => {
    expect(judge(id, syntheticRun())).toMatchObject({ outcome: 'pass' });
    expect(judge(id, syntheticArgoRun())).toMatchObject({ outcome: 'pass' });
  });

  it('is broken where the release stays', () => {
    expect(judge(id, syntheticRun({ outcome: 'never-rolled-back' }))).toMatchObject({ outcome: 'fail' });
    expect(judge(id, syntheticRun({ outcome: 'promotion', expected: 'rollback' }))).toMatchObject({
      outcome: 'fail',
    });
  });

  it('is broken where it was rolled back for another reason than the check', () => {
    const other = declaring({ check: { name: 'another', max_pct: 1 } });
    expect(judge(id, syntheticArgoRun(), other)).toMatchObject({
      outcome: 'fail',
      reason: expect.stringContaining('no look of another had failed'),
    });
  });

  it('says nothing of a run that nobody watched', () => {
    expect(judge(id, syntheticRun(), without('kubernetes'))).toMatchObject({ outcome: 'inconclusive' });
  });
});

/** Nobody was answered by the new release. */
function unmet(records: readonly TimelineRecord[]): TimelineRecord[] {
  return records.map((record) => {
    if (record.source !== 'load' || record.kind !== 'second') return record;
    const series = record.data.series.filter(({ release }) => release !== 'v2');
    return { ...record, data: { ...record.data, series } };
  });
}

describe('P5: unhealthy pods', () => {
  it('holds where nobody met the release, and is broken where somebody did or it stayed', () => {
    expect(judge('P5', syntheticRun())).toMatchObject({ outcome: 'fail' });
    expect(judge('P5', syntheticRun(), unmet)).toMatchObject({ outcome: 'pass' });
    expect(judge('P5', syntheticRun({ outcome: 'never-rolled-back' }), unmet)).toMatchObject({
      outcome: 'fail',
    });
    expect(judge('P5', syntheticRun(), without('load', 'second'))).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe('P7: half and half with a bake', () => {
  const baked = declaring({ steps: [{ weight_pct: 10, pause_s: 30 }] });

  it('holds where a bad release is taken back within the bake', () => {
    expect(judge('P7', syntheticArgoRun(), baked)).toMatchObject({ outcome: 'pass' });
  });

  it('is broken where it stays longer, or is given all', () => {
    const short = declaring({ steps: [{ weight_pct: 10, pause_s: 5 }] });
    expect(judge('P7', syntheticArgoRun(), short)).toMatchObject({ outcome: 'fail' });
    const elsewhere = declaring({ steps: [{ weight_pct: 50, pause_s: 30 }] });
    expect(judge('P7', syntheticArgoRun(), elsewhere)).toMatchObject({ outcome: 'fail' });
  });

  it('says nothing of a rollout that declares no bake', () => {
    expect(judge('P7', syntheticArgoRun())).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe('P8 and P9: before the alert, and the positive control', () => {
  it('P8 holds where the rollback came and no alert did', () => {
    const run = syntheticRun();
    expect(judge('P8', run)).toMatchObject({ outcome: 'pass' });
    expect(judge('P8', run, fires(run, 30))).toMatchObject({ outcome: 'fail' });
    expect(judge('P8', syntheticRun({ outcome: 'never-rolled-back' }))).toMatchObject({ outcome: 'fail' });
    expect(judge('P8', run, without('prometheus', 'alert'))).toMatchObject({ outcome: 'inconclusive' });
  });

  it('P9 holds where nothing rolled back and the alert fired in time', () => {
    const stays: SyntheticRunOptions = { outcome: 'never-rolled-back', alert: 'pending' };
    const run = syntheticRun(stays);
    expect(judge('P9', run, fires(run, 90))).toMatchObject({ outcome: 'pass' });
    expect(judge('P9', run)).toMatchObject({ outcome: 'fail', reason: 'the alert never fired' });
    expect(judge('P9', run, fires(run, 200))).toMatchObject({ outcome: 'fail' });
    const back = syntheticRun();
    expect(judge('P9', back, fires(back, 90))).toMatchObject({ outcome: 'inconclusive' });
    const mild = declaring({ bad_answers_pct: 5 });
    expect(judge('P9', run, mild, fires(run, 90))).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe.each(['N1', 'N3', 'N4', 'N5'])('%s: not blamed on a good release', (id) => {
  const good = syntheticRun({ outcome: 'promotion' });

  it('holds where it was promoted while the fault was on', () => {
    expect(judge(id, good, faultOn(good, 15))).toMatchObject({ outcome: 'pass' });
  });

  it('is broken where it was rolled back, or neither', () => {
    const back = syntheticRun({ expected: 'promotion' });
    expect(judge(id, back, faultOn(back, 15))).toMatchObject({ outcome: 'fail' });
    const stays = syntheticRun({ outcome: 'never-rolled-back', expected: 'promotion' });
    expect(judge(id, stays, faultOn(stays, 15))).toMatchObject({ outcome: 'fail' });
  });

  it('says nothing where no fault was on, or only afterwards', () => {
    expect(judge(id, good)).toMatchObject({ outcome: 'inconclusive' });
    expect(judge(id, good, faultOn(good, 1_000))).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe('N2: slow to start', () => {
  it('needs no fault', () => {
    expect(judge('N2', syntheticRun({ outcome: 'promotion' }))).toMatchObject({ outcome: 'pass' });
    expect(judge('N2', syntheticRun())).toMatchObject({ outcome: 'fail' });
    expect(judge('N2', syntheticRun(), without('kubernetes'))).toMatchObject({ outcome: 'inconclusive' });
  });
});

describe('C1: answered alike', () => {
  const run = syntheticRun({ outcome: 'promotion' });
  const alike: ComparisonData = {
    pairs: 300,
    unanswered: 0,
    differences: [],
    durations: [{ route: 'GET /', pairs: 90, old_median_ms: 4, next_median_ms: 6 }],
  };
  const compared = (data: Partial<ComparisonData>): Alteration =>
    adding({
      at: shippedAt(run) + 20_000,
      source: 'load',
      kind: 'compared',
      subject: 'shop',
      data: { ...alike, ...data },
    });

  it('holds where nothing differs', () => {
    expect(judge('C1', run, compared({}))).toMatchObject({ outcome: 'pass' });
  });

  it('names what differs, with an example', () => {
    const example = { request: 'GET /items/7', old: '{"price_cents":100}', next: '{"price_cents":101}' };
    const differences = [{ route: 'GET /items/:id', in: 'body' as const, pairs: 36, examples: [example] }];
    expect(judge('C1', run, compared({ differences }))).toMatchObject({
      outcome: 'fail',
      reason:
        '36 answers of GET /items/:id differ in body, for example GET /items/7: {"price_cents":100} became {"price_cents":101}',
    });
  });

  it('names routes that take longer, if there were enough requests', () => {
    const slow = { route: 'GET /', pairs: 90, old_median_ms: 4, next_median_ms: 104 };
    expect(judge('C1', run, compared({ durations: [slow] }))).toMatchObject({
      outcome: 'fail',
      reason: 'GET / takes 104.0 ms, not 4.0 ms',
    });
    expect(judge('C1', run, compared({ durations: [{ ...slow, pairs: 5 }] }))).toMatchObject({
      outcome: 'pass',
    });
  });

  it('says nothing where too little was compared', () => {
    expect(judge('C1', run)).toMatchObject({ outcome: 'inconclusive' });
    expect(judge('C1', run, compared({ unanswered: 250 }))).toMatchObject({ outcome: 'inconclusive' });
  });
});
