import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SyntheticArgoOptions, syntheticArgoRun } from '#harness/core/testing/synthetic-argo.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import { judgeArgoRollout } from './argo.ts';
import { judgeRun } from './judge-run.ts';
import { complaintsOf } from './testing/complaints.ts';

type Change = (records: TimelineRecord[]) => TimelineRecord[];

function judge(options: SyntheticArgoOptions, change?: Change): Verdict {
  const records = syntheticArgoRun(options);
  return judgeArgoRollout(new Timeline(change ? change(records) : records));
}

const without =
  (source: TimelineRecord['source'], kind?: string): Change =>
  (records) =>
    records.filter((record) => record.source !== source || (kind !== undefined && record.kind !== kind));

const withoutObjects =
  (kind: string): Change =>
  (records) =>
    records.filter((record) => !record.subject.startsWith(`${kind}/`));

const rules = (records: TimelineRecord[]): string[] =>
  judgeRun(new Timeline(records)).rules.map((rule) => rule.rule);

describe('a run as it should go', () => {
  test.each<[string, SyntheticArgoOptions]>([
    ['an abort', {}],
    ['a canary promoted', { outcome: 'promotion' }],
    ['a blue/green switch', { outcome: 'promotion', strategy: 'blue-green' }],
    ['a Deployment taken over', { outcome: 'promotion', from_deployment: 'whole' }],
    ['labels that follow within the time allowed', { outcome: 'promotion', labels: 1.5 }],
  ])('%s passes every rule', (_case, options) => {
    expect(complaintsOf(judge(options))).toEqual([]);
  });

  test('chance in the load does not turn it red', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.constantFrom<SyntheticArgoOptions>({}, { outcome: 'promotion' }),
        (seed, options) => {
          expect(complaintsOf(judge({ seed, ...options }))).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('a recorded run is judged by the controller that it declares', () => {
    expect(rules(syntheticArgoRun())).toContain('label-truth');
    expect(rules(syntheticRun())).not.toContain('label-truth');
  });
});

describe('each promise of an abort, broken, is noticed by its rule', () => {
  test.each<[string, string, SyntheticArgoOptions, Change?]>([
    ['the release is never aborted', 'rolled-back: fail', { outcome: 'never-rolled-back' }],
    ['the abort comes too late', 'exposure: fail', { exposure_s: 30 }],
    ['the gateway sends five times the declared share', 'traffic-share: fail', { measured_canary_pct: 50 }],
    ['the gateway sends five times the declared share', 'harm: fail', { measured_canary_pct: 50 }],
    ['the stable release fails now and then', 'no-other-loss: fail', { stray_bad_answers: 1 }],
    ['the analysis fails for want of data', 'judge-saw: fail', { finds: 'nothing-bad' }],
    [
      'the analysis takes nothing for good',
      'judge-saw: fail',
      { outcome: 'never-rolled-back', finds: 'nothing-good' },
    ],
    ['the analysis sees half of what users met', 'judge-saw: fail', { finds: 'half' }],
    ['nothing was ever measured', 'judge-saw: fail', {}, withoutObjects('AnalysisRun')],
    ['no pod says what it is', 'label-truth: fail', { labels: 'missing' }],
    ['the pods of the bad release stay', 'canary-gone: fail', { canary_pods_gone: false }],
    ['nobody is told of the abort', 'chat-told: fail', { unheard: ['aborted'] }],
    ['nobody is told that it is degraded', 'chat-told: fail', { unheard: ['degraded'] }],
    ['the abort is told twice', 'chat-told: fail', { failure_messages: 2 }],
    ['the alert fires', 'alert: fail', { alert: 'firing' }],
    [
      'the message lacks the reason',
      'chat-told: fail',
      {},
      (records) =>
        records.map((record) =>
          record.source === 'chat'
            ? { ...record, data: { ...record.data, text: record.data.text.replace(/: Metric.*/, '') } }
            : record,
        ),
    ],
  ])('%s: %s', (_case, complaint, options, change) => {
    expect(complaintsOf(judge(options, change))).toContain(complaint);
  });
});

describe('each promise of a promotion, broken, is noticed by its rule', () => {
  const canary: SyntheticArgoOptions = { outcome: 'promotion' };
  const blue_green: SyntheticArgoOptions = { outcome: 'promotion', strategy: 'blue-green' };
  test.each<[string, string, SyntheticArgoOptions]>([
    ['a good release is aborted', 'promoted: fail', { expected: 'promotion', bad_pct: 0 }],
    ['a request fails', 'no-failed-request: fail', { ...canary, stray_bad_answers: 1 }],
    ['a request gets no answer', 'no-failed-request: fail', { ...canary, lost_requests: 1 }],
    ['a step is left out', 'every-step: fail', { ...canary, skipped_pct: [20] }],
    ['the judge was blind', 'judge-saw: fail', { ...canary, finds: 'nothing-good' }],
    ['labels lag behind', 'label-truth: fail', { ...canary, labels: 4 }],
    ['the end is not told', 'chat-calm: fail', { ...canary, unheard: ['completed'] }],
    ['a step is not told', 'chat-calm: fail', { ...canary, unheard: ['step'] }],
    ['the alert stirs', 'alert: fail', { ...canary, alert: 'pending' }],
    ['users meet the preview', 'preview-hidden: fail', { ...blue_green, early_s: 4 }],
    ['users meet the preview', 'traffic-share: fail', { ...blue_green, early_s: 4 }],
    ['a pod is missing on the way', 'workload-moved: fail', { ...canary, from_deployment: 'gap' }],
    ['the Deployment keeps a pod', 'workload-moved: fail', { ...canary, from_deployment: 'left-over' }],
  ])('%s: %s', (_case, complaint, options) => {
    expect(complaintsOf(judge(options))).toContain(complaint);
  });
});

describe('missing evidence is inconclusive, never a pass', () => {
  test.each<[string, SyntheticArgoOptions, Change?]>([
    ['the load was starved', { load: 'starved' }],
    ['the load was killed', { load: 'killed' }],
    ['the load never ran', { load: 'absent' }],
    ['the alert never stirred', { alert: 'inactive' }],
    ['nothing was declared', {}, without('harness', 'spec')],
    ['nothing was shipped', {}, without('release')],
    ['no weight was observed', {}, without('gateway')],
    ['no pod was observed', {}, withoutObjects('Pod')],
    ['no object was observed', {}, without('kubernetes', 'object')],
    ['no observer said that it watched', {}, without('harness', 'observer')],
    ['nothing at all was recorded', {}, () => []],
  ])('%s', (_case, options, change) => {
    expect(judge(options, change).outcome).toBe('inconclusive');
  });

  test('a specification of another controller is not judged by rules about Argo Rollouts', () => {
    const verdict = judgeArgoRollout(new Timeline(syntheticRun()));
    expect(complaintsOf(verdict)).toContain('judge-saw: inconclusive');
    expect(complaintsOf(verdict)).toContain('label-truth: inconclusive');
  });

  test('taking any records away never makes a pass out of a verdict that was none', () => {
    const records = syntheticArgoRun({ outcome: 'never-rolled-back' });
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: records.length, maxLength: records.length }),
        (keep) => {
          const left = records.filter((_record, index) => keep[index]);
          expect(judgeArgoRollout(new Timeline(left)).outcome).not.toBe('pass');
        },
      ),
      { numRuns: 30 },
    );
  });
});
