import { describe, expect, it } from 'vitest';
import { syntheticAlert } from '#harness/core/testing/synthetic-alert.ts';
import { syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { syntheticService } from '#harness/core/testing/synthetic-service.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { judgeRun } from '#harness/judge/judge-run.ts';
import { panelNames } from '../charts/panels.ts';
import { renderHtml } from '../html/page.ts';
import { renderMarkdown } from '../markdown/summary.ts';
import { SAMPLE_META } from '../testing/sample-verdicts.ts';
import { markupFault } from '../testing/well-formed.ts';
import { podsByRelease } from './pods.ts';
import { factsOf } from './run-facts.ts';
import { timeSplitOf } from './split.ts';

const read = (records: readonly TimelineRecord[]) => factsOf(new Timeline(records));
const stepsOf = (records: readonly TimelineRecord[]): Record<string, number | undefined> =>
  Object.fromEntries(timeSplitOf(read(records), undefined).steps.map(({ id, at }) => [id, at]));

/** A run in which senders speak and nobody is served. */
function silent(): TimelineRecord[] {
  const told = syntheticAlert().filter(({ source }) => source === 'chat');
  return [
    {
      seq: 0,
      at: told[0]?.at ?? 0,
      source: 'harness',
      kind: 'expectation',
      subject: 'chat',
      data: { of: 'messages', namespace: 'shop-demo', messages: [] },
    },
    ...told,
  ];
}

describe('timeSplitOf', () => {
  it('follows an alert from its cause to the word that it is over', () => {
    const steps = stepsOf(syntheticAlert());
    const moments = Object.values(steps).filter((at) => at !== undefined);
    expect(Object.keys(steps)).toEqual([
      'shipped',
      'cause',
      'pending',
      'firing',
      'told',
      'cause-ended',
      'inactive',
      'told-end',
    ]);
    // The bad release is not recorded as shipped in this synthetic run.
    expect(moments).toHaveLength(7);
    expect(moments).toEqual(moments.toSorted((left, right) => left - right));
  });

  it('has no moment for what did not happen', () => {
    const steps = stepsOf(syntheticAlert({ fires_after_s: 'never' }));
    expect(steps['cause']).toBeDefined();
    expect(steps['firing']).toBeUndefined();
    expect(steps['told-end']).toBeUndefined();
  });

  it('shows how long each act on a service took', () => {
    const { title, steps } = timeSplitOf(read(syntheticService()), undefined);
    expect(title).toBe('How long each act took');
    expect(steps.map(({ label }) => label)).toEqual([
      'First act began',
      'Done: deploy',
      'Done: restart',
      'Done: scale up',
      'Done: scale down',
    ]);
  });

  it('has no steps where nothing waits for anything', () => {
    expect(timeSplitOf(read(silent()), undefined).steps).toEqual([]);
  });
});

describe('podsByRelease', () => {
  it('counts ready pods of each release, and none of the stack', () => {
    const counts = podsByRelease(read(syntheticRun()));
    expect([...counts.keys()].sort()).toEqual(['v1', 'v2']);
    expect(Math.max(...(counts.get('v2') ?? []).map(({ ready }) => ready))).toBe(2);
    expect(counts.get('v2')?.at(-1)?.ready).toBe(0);
    expect(counts.get('v1')?.at(-1)?.ready).toBe(2);
  });
});

describe('panels', () => {
  it('are those that a run can fill', () => {
    expect(panelNames(read(syntheticRun()))).toEqual(['weight', 'pods', 'answers', 'bad', 'latency']);
    expect(panelNames(read(silent()))).toEqual([]);
  });
});

describe('pages of runs that roll nothing out', () => {
  const runs: [string, TimelineRecord[], RegExp, RegExp][] = [
    ['a service', syntheticService(), /How long each act took/, /roll back/],
    ['an alert', syntheticAlert(), /From the trouble to the word that it is over/, /roll back/],
    ['messages', silent(), /The run on one time axis/, /roll back|What users met/],
  ];
  it.each(runs)('%s: says what it was about and nothing about a rollback', (_case, records, has, lacks) => {
    const timeline = new Timeline(records);
    const verdict = judgeRun(timeline);
    const html = renderHtml(timeline, verdict, SAMPLE_META);
    expect(markupFault(html)).toBeUndefined();
    const body = html.replace(/<header>.*<\/header>/s, '');
    expect(body).toMatch(has);
    expect(body).not.toMatch(lacks);
    expect(renderMarkdown(timeline, verdict, SAMPLE_META)).not.toContain('undefined');
  });

  it('counts failed requests whichever release was to blame', () => {
    const timeline = new Timeline(syntheticService({ failed: { act: 'deploy', count: 7, status: 502 } }));
    const markdown = renderMarkdown(timeline, judgeRun(timeline), SAMPLE_META);
    expect(markdown).toMatch(/7 of [\d,]+ requests failed/);
  });
});
