import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { judgeRollout } from '#harness/judge/flagger.ts';
import { renderHtml } from './html/page.ts';
import { summaryOf } from './json/summary.ts';
import { readTimeline } from './read-run.ts';
import { SAMPLE_META } from './testing/sample-verdicts.ts';

const FILE = new URL('../fixtures/timelines/flagger-rollback.jsonl', import.meta.url);

describe('a timeline that an earlier version wrote', () => {
  it('is read, judged and rendered as it was then', async () => {
    const timeline = readTimeline(await readFile(FILE, 'utf8'), FILE.pathname);
    const verdict = judgeRollout(timeline);
    expect(verdict.rules.filter((rule) => rule.outcome !== 'pass')).toEqual([]);
    expect(summaryOf(timeline, verdict, SAMPLE_META)).toMatchObject({
      outcome: 'pass',
      seed: 20260115,
      steps_s: { seen: 0.165, ready: 3.505, failing: 20.055, gone: 42.275, told: 40.21 },
      harm: { answers: 21_300, bad_answers_of_others: 0, requests_without_answer: 0 },
    });
    expect(renderHtml(timeline, verdict, SAMPLE_META)).toContain('The promise was kept');
  });
});
