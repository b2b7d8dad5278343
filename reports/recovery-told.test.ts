import { describe, expect, it } from 'vitest';
import { altered } from '#harness/core/testing/altered.ts';
import { syntheticRecovery } from '#harness/core/testing/synthetic-recovery.ts';
import { type SyntheticWatchOptions, WATCHED, watched } from '#harness/core/testing/synthetic-watch.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { formatRecord } from '#harness/core/timeline-text.ts';
import { renderHtml } from './html/page.ts';
import { summaryOf } from './json/summary.ts';
import { renderMarkdown } from './markdown/summary.ts';
import { readTimeline } from './read-run.ts';
import { renderRunbook } from './runbook/runbook.ts';
import { RECOVERY_META, sampleRecovery } from './testing/sample-recovery.ts';
import { FAIL, PASS } from './testing/sample-verdicts.ts';

function seen(options?: SyntheticWatchOptions): Timeline {
  return new Timeline(altered(syntheticRecovery(WATCHED), watched(options)));
}

function textOf(html: string): string {
  return html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

describe('a watch off-site', () => {
  it('is shown with when it told of the loss and of its end, by every report', () => {
    const html = textOf(renderHtml(seen(), PASS, RECOVERY_META));
    expect(html).toContain('Chat off-site told after 8.0 s');
    expect(html).toContain('told of its end 5.0 s after the first good answer');
    expect(html).toContain('Prometheus off-site');
    expect(html).toContain('Alertmanager off-site');
    expect(renderMarkdown(seen(), PASS, RECOVERY_META)).toContain('Chat off-site told after');
    expect(summaryOf(seen(), PASS, RECOVERY_META).recovery?.told).toStrictEqual({
      of_loss_s: 8,
      of_end_s: 65,
    });
    expect(renderRunbook(seen(), PASS, RECOVERY_META)).toContain('in this run it was told after 8.0 s.');
  });

  it('is shown to have said nothing', () => {
    const html = textOf(renderHtml(seen({ messages: 0, messages_of_end: 0 }), FAIL, RECOVERY_META));
    expect(html).toContain('Chat off-site told after never never told of its end');
  });

  it('is not spoken of where none stood', () => {
    const without = new Timeline(sampleRecovery());
    expect(renderHtml(without, PASS, RECOVERY_META)).not.toContain('off-site');
    expect(summaryOf(without, PASS, RECOVERY_META).recovery?.told).toBeNull();
  });

  it('is read back from a file with its place', () => {
    const text = seen()
      .records.map((record) => formatRecord(record))
      .join('');
    expect(readTimeline(text, 'timeline.jsonl').records).toStrictEqual(seen().records);
    const elsewhere = text.replaceAll('"site":"offsite"', '"site":"moon"');
    expect(() => readTimeline(elsewhere, 'timeline.jsonl')).toThrow('site');
  });
});
