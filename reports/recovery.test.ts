/** What every kind of report shows of a recovery. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { formatRecord } from '#harness/core/timeline-text.ts';
import { combine, type RuleVerdict, type Verdict } from '#harness/core/verdict.ts';
import { contractsDocument, parseContracts } from './contracts/document.ts';
import { renderContractsMarkdown } from './contracts/markdown.ts';
import { renderContractsHtml } from './contracts/page.ts';
import { recoveredRunOf } from './contracts/recovered-run.ts';
import { recoveryTimes } from './contracts/recovery-times.ts';
import { renderHtml } from './html/page.ts';
import { summaryOf } from './json/summary.ts';
import { renderJunit } from './junit/junit.ts';
import { renderMarkdown } from './markdown/summary.ts';
import { readTimeline } from './read-run.ts';
import { renderRunbook } from './runbook/runbook.ts';
import { renderTable } from './terminal/table.ts';
import {
  LOST_AT,
  RECOVERY_META,
  type SampleRecoveryOptions,
  sampleRecovery,
} from './testing/sample-recovery.ts';
import { FAIL, INCONCLUSIVE, PASS } from './testing/sample-verdicts.ts';
import { markupFault } from './testing/well-formed.ts';

const ATTACK = '<script>alert(1)</script>\n```\n# x|"';

function timelineOf(options: SampleRecoveryOptions = {}): Timeline {
  return new Timeline(sampleRecovery(options));
}

function page(options: SampleRecoveryOptions = {}, verdict: Verdict = PASS): string {
  return renderHtml(timelineOf(options), verdict, RECOVERY_META);
}

function textOf(html: string): string {
  return html
    .replaceAll(/<style>[^<]*<\/style>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

function section(html: string, id: string): string {
  return textOf(new RegExp(`<section aria-labelledby="${id}">.*?</section>`, 's').exec(html)?.[0] ?? '');
}

function markdown(options: SampleRecoveryOptions = {}): string {
  return renderMarkdown(timelineOf(options), PASS, RECOVERY_META);
}

const LOST: RuleVerdict = {
  rule: 'recovery-point',
  promise: 'no accepted order is lost beyond what the backups promise',
  outcome: 'fail',
  reason: '7 accepted orders are lost',
  limit: '= 0 orders',
  measured: '7 orders',
  evidence: [1],
  items: Array.from({ length: 7 }, (_, index) => `run-sample-${index}\u0007`),
};

describe('the shapes of its records', () => {
  it('are read back from a file', () => {
    const text = sampleRecovery({ drifts: true })
      .map((record) => formatRecord(record))
      .join('');
    expect(readTimeline(text, 'timeline.jsonl').records).toHaveLength(sampleRecovery().length);
  });

  it('are refused where a field is missing', () => {
    const record = sampleRecovery().find(({ kind }) => kind === 'orders');
    const text = record ? formatRecord(record).replace('"outcome"', '"end"') : '';
    expect(() => readTimeline(text, 'timeline.jsonl')).toThrow(/outcome/);
  });
});

describe('the page of a recovery', () => {
  it('answers what a person asks first, each with what was promised', () => {
    const figures = section(page(), 'harm');
    expect(figures).toContain('Recovered in 74.2 s');
    expect(figures).toContain('promised 300 s, own budget 90 s');
    expect(figures).toContain('First good answer after 61.0 s');
    expect(figures).toMatch(/Accepted orders lost 90 of 2,670 accepted/);
    expect(figures).toContain('Reached back before the loss 3.0 s');
    expect(figures).toContain('Fields that differ 0 of 21 in 14 objects; 7 more may differ');
  });

  it('draws the steps to scale and says what came of each', () => {
    const steps = section(page(), 'recovery-steps');
    expect(steps).toMatch(/cluster one node is ready \+1\.1 s \+12\.4 s 11\.3 s/);
    expect(steps).toMatch(/postgres every object is healthy/);
    expect(page()).toContain('<a href="runbook.md">');
  });

  it('lists every lost order with its age', () => {
    const html = page();
    const orders = section(html, 'orders');
    expect(orders).toContain('90 accepted orders are lost; the oldest was answered 3.0 s before the loss');
    const ids = sampleRecovery()
      .flatMap((record) => (record.source === 'load' && record.kind === 'orders' ? record.data.orders : []))
      .filter(({ at }) => at < LOST_AT && at >= LOST_AT - 3000)
      .map(({ id }) => id);
    expect(ids).toHaveLength(90);
    for (const id of ids) expect(html).toContain(`<code>${id}</code>`);
  });

  it('says that none is lost only where somebody looked', () => {
    expect(section(page({ lost_s: 0 }), 'orders')).toContain('No accepted order is lost.');
    const unseen = page({ unseen: true });
    expect(section(unseen, 'orders')).not.toContain('No accepted order is lost.');
    expect(section(unseen, 'orders')).toContain('nothing is known to be kept or lost');
    expect(section(unseen, 'harm')).toContain('Accepted orders lost no data');
    expect(section(unseen, 'harm')).toContain('Reached back before the loss no data');
  });

  it('names each difference by object and field, and each backup with what was made of it', () => {
    const html = page({ drifts: true });
    const sameness = section(html, 'sameness');
    expect(sameness).toContain('Deployment/traefik/traefik the whole object present not there');
    expect(sameness).toMatch(/index shop_run\.orders_by_time CREATE INDEX .* not there/);
    expect(sameness).toContain('shop_run.orders 900 899 differs');
    expect(sameness).not.toContain('sequence shop_run');
    expect(sameness).toContain('7 differ as the scenario said before');
    expect(section(html, 'orders')).toContain('1 held with other content than was accepted');
    const backups = section(page(), 'backups');
    expect(backups).toMatch(/refused : the newest before the loss; it is damaged: checksum mismatch/);
    expect(backups).toContain('restored : the log was replayed');
    expect(backups).toContain('not needed');
    expect(section(page(), 'sameness')).toContain('all are as they were');
  });

  it('shows a step that failed and one that never ended as such', () => {
    const html = page({ fails_at: 'restore' }, FAIL);
    const steps = section(html, 'recovery-steps');
    expect(steps).toContain('failed: waited 180 s for it');
    expect(steps).toContain('never ended: waiting for the first good answer');
    expect(section(html, 'harm')).toContain('Recovered in never');
    expect(section(html, 'harm')).toContain('First good answer after never');
  });

  it('is well-formed, needs no network, and names its charts', () => {
    const html = page({ drifts: true });
    expect(markupFault(html)).toBeUndefined();
    expect(html).not.toMatch(/https?:\/\/(?!git)/);
    const charts = html.match(/<svg role="img".*?<\/svg>/gs) ?? [];
    expect(charts).toHaveLength(6);
    for (const chart of charts) {
      expect(markupFault(chart)).toBeUndefined();
      expect(chart).toMatch(/<title id="[\w-]+-title">[^<]+<\/title><desc id="[\w-]+-desc">[^<]+<\/desc>/);
    }
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(html.match(/<table/g)?.length).toBe(html.match(/<caption/g)?.length);
    expect(html.length).toBeLessThan(1.5 * 1024 * 1024);
    expect(html === page({ drifts: true })).toBe(true);
  });

  it('keeps text from the cluster text', () => {
    const records = sampleRecovery().map((record): TimelineRecord => {
      if (record.source !== 'recovery') return record;
      if (record.kind === 'step') {
        return { ...record, subject: ATTACK, data: { ...record.data, note: ATTACK, by_hand: ATTACK } };
      }
      return record.kind === 'backup'
        ? { ...record, subject: ATTACK, data: { ...record.data, note: ATTACK } }
        : record;
    });
    const html = renderHtml(new Timeline(records), combine([{ ...LOST, items: [ATTACK] }]), RECOVERY_META);
    expect(html).not.toContain('<script');
    expect(markupFault(html)).toBeUndefined();
    const runbook = renderRunbook(new Timeline(records), PASS, RECOVERY_META) ?? '';
    // A fence is longer than any within it, so what is not code holds no markup of theirs.
    expect(runbook.replaceAll(/^(`{3,}).*?^\1$/gms, '')).not.toMatch(/^# x|<script/m);
  });

  it('lists everything that a rule sums up', () => {
    const rules = section(page({}, combine([LOST])), 'rules');
    expect(rules).toContain('All 7');
    for (const index of LOST.items?.keys() ?? []) expect(rules).toContain(`run-sample-${index}`);
  });

  it('shows whatever part of a run is there', { timeout: 60_000 }, () => {
    const records = sampleRecovery({ drifts: true });
    const kinds = [...new Set(records.map((record) => `${record.source}/${record.kind}`))];
    const part = fc.oneof(
      fc.subarray(records),
      fc
        .subarray(kinds)
        .map((kept) => records.filter((record) => kept.includes(`${record.source}/${record.kind}`))),
    );
    fc.assert(
      fc.property(part, fc.constantFrom(PASS, FAIL, INCONCLUSIVE), (some, verdict) => {
        const timeline = new Timeline(some);
        const html = renderHtml(timeline, verdict, RECOVERY_META);
        expect(markupFault(html)).toBeUndefined();
        const texts = [
          textOf(html),
          renderMarkdown(timeline, verdict, RECOVERY_META),
          renderRunbook(timeline, verdict, RECOVERY_META) ?? '',
        ];
        for (const text of texts) expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the other reports of a recovery', () => {
  it('has figures, steps, lost orders, backups and differences in Markdown', () => {
    const text = markdown({ drifts: true });
    expect(text).toContain('| Recovered in | 74.2 s |');
    expect(text).toContain('| cluster | +1.1 s | 11.3 s | one node is ready |');
    expect(text).toContain('<details><summary>90 accepted orders are lost</summary>');
    expect(text).toContain('- and 40 more');
    expect(text).toMatch(/\| Deployment\/traefik\/traefik \| the whole object \| present \| not there \|/);
    expect(text).toMatch(/\| base backup and write-ahead log \| \u221210\.0 s \| refused;/);
    expect(text).not.toContain('of the new release');
  });

  it('has the same as data in JSON, and null where nothing was recorded', () => {
    const summary = summaryOf(timelineOf(), PASS, RECOVERY_META);
    expect(summary).toMatchObject({
      steps_s: { lost: 0, cluster: 12.4, steady: 74.2 },
      recovery: {
        lost: 'cluster',
        recovery_time_s: 74.202,
        first_answer_s: 61.002,
        recovery_point_s: 3,
        orders: { refused: 10, changed: [], held_though_refused: [] },
        drift: { differ: 0, may_differ: 7 },
      },
    });
    expect(summary.recovery?.orders?.lost).toHaveLength(90);
    const unseen = summaryOf(timelineOf({ unseen: true }), PASS, RECOVERY_META);
    expect(unseen.recovery).toMatchObject({ recovery_point_s: null, orders: { held: null, lost: null } });
  });

  it('lists what a broken rule sums up on the terminal and for CI servers', () => {
    const verdict = combine([LOST]);
    const table = renderTable(verdict);
    expect(table).toContain('- run-sample-4');
    expect(table).not.toContain('run-sample-5');
    expect(table).toContain('- and 2 more');
    const junit = renderJunit(verdict, RECOVERY_META);
    expect(junit).toContain('run-sample-6');
    expect(junit).not.toContain('\u0007');
    expect(markupFault(junit.replaceAll(/<!\[CDATA\[|\]\]>/g, ''))).toBeUndefined();
  });
});

describe('the runbook', () => {
  it('gives the steps that were taken, by hand, with their times', () => {
    const text = renderRunbook(timelineOf(), PASS, RECOVERY_META) ?? '';
    expect(text).toContain('# Runbook: the cluster is lost');
    expect(text).toContain('The run passed.');
    expect(text).toContain('### 1. cluster\n\nMaking cluster mettle-dr again, empty.');
    expect(text).toContain('### 3. restore');
    expect(text).toContain('| shop | +57.6 s | every object is healthy | kubectl wait kustomization/shop |');
    expect(text).toContain('kind create cluster --name mettle-dr --config cluster.yaml');
    expect(text).toContain('- Takes: 11.3 s.');
    expect(text).toContain('- Seen at its end: one node is ready.');
    expect(text).toContain('90 accepted orders were lost, the oldest 3.0 s old');
    expect(text).toMatch(/was refused: .*Find out why\./);
    expect(text).toContain('./scripts/mettle run recovery/rebuild --seed 1');
  });

  it('warns of a run that did not pass', () => {
    expect(renderRunbook(timelineOf({ fails_at: 'restore' }), FAIL, RECOVERY_META)).toMatch(
      /\*\*The verdict of the run is fail: read its report/,
    );
  });

  it('is made for recoveries alone', () => {
    expect(renderRunbook(new Timeline([]), PASS, RECOVERY_META)).toBeUndefined();
  });
});

describe('the times to recover over several runs', () => {
  const runs = [0, 20, 5].flatMap((later_s, index) => {
    const meta = { ...RECOVERY_META, run_id: `run-${index}`, ended_at: RECOVERY_META.ended_at + index };
    return recoveredRunOf(timelineOf({ later_s, lost_s: index }), { ...meta, ...PASS }) ?? [];
  });

  it('are the smallest, the median and the largest of each step', () => {
    const [times] = recoveryTimes(runs);
    expect(times).toMatchObject({
      scenario: 'recovery/rebuild',
      runs: 3,
      left_out: 0,
      recovered: { min_s: 74.202, median_s: 79.202, max_s: 94.202 },
      lost_orders: { min: 0, max: 60 },
      recovery_point: { min_s: 0, max_s: 2 },
    });
    const first = times?.steps.find(({ id }) => id === 'first answer');
    expect(first?.took?.median_s).toBeCloseTo(48.4, 5);
    expect(times?.steps.map(({ id }) => id).slice(0, 2)).toEqual(['cluster', 'flux']);
  });

  it('leave out what proved nothing, and what was broken on purpose', () => {
    const [first] = runs;
    const open = first ? { ...first, standing: 'inconclusive' as const } : undefined;
    expect(recoveryTimes([...runs, ...(open ? [open] : [])])[0]).toMatchObject({ runs: 3, left_out: 1 });
    expect(recoveryTimes(open ? [open] : [])).toEqual([]);
    const defect = { ...RECOVERY_META, ...PASS, seeded_defect: 'one row lost' };
    expect(recoveredRunOf(timelineOf(), defect)).toBeUndefined();
  });

  it('stand on a page of their own where no contract was settled', () => {
    const document = contractsDocument([], runs);
    const html = renderContractsHtml(document);
    expect(markupFault(html)).toBeUndefined();
    expect(textOf(html)).toContain('How long it takes to recover from a loss.');
    expect(textOf(html)).toMatch(/Recovered in 74\.2 \/ 79\.2 \/ 94\.2 s/);
    expect(html).not.toContain('id="contracts"');
    const text = renderContractsMarkdown(document);
    expect(text).toContain('# Recoveries');
    expect(text).toContain('| first answer | 17.8 s / 17.8 s'.slice(0, 15));
    expect(parseContracts(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });
});
