import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Contract } from '#harness/core/contracts/contract.ts';
import { type SyntheticRunOptions, syntheticRun } from '#harness/core/testing/synthetic-run.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { formatRecord } from '#harness/core/timeline-text.ts';
import type { Outcome, RuleVerdict } from '#harness/core/verdict.ts';
import { judgeRollout } from '#harness/judge/flagger.ts';
import { SAMPLE_META } from '../testing/sample-verdicts.ts';
import { markupFault } from '../testing/well-formed.ts';
import { contractsDocument, parseContracts } from './document.ts';
import { type JudgedRun, judgedRunOf } from './judged-run.ts';
import { renderContractsMarkdown } from './markdown.ts';
import { renderContractsHtml } from './page.ts';
import { contractRows } from './rows.ts';
import { rollbackTimes, spreadOf } from './times.ts';
import { runFolders, writeContracts } from './write.ts';

const CONTRACTS: readonly Contract[] = [
  { id: 'F1', controller: 'flagger', promise: 'Checks roll back.', source: 'docs', threads: ['a/b#1'] },
  { id: 'F26', controller: 'flagger', promise: 'Mesh only.', source: 'docs', skipped: 'needs Istio' },
  { id: 'A1', controller: 'argo-rollouts', promise: 'Failures abort.', source: 'docs' },
];

function verdictOf(rule: string, outcome: Outcome, measured = '30.1 s'): RuleVerdict {
  return {
    rule,
    promise: 'p',
    outcome,
    reason: `why ${outcome}`,
    limit: '<= 32.0 s',
    measured,
    evidence: [],
  };
}

let clock = 0;

function run(overrides: Partial<JudgedRun> = {}): JudgedRun {
  clock += 1;
  return {
    scenario: 'rollback/flagger/analysis/threshold',
    run_id: `run-${clock}`,
    title: 'title',
    folder: `f/${clock}`,
    ended_at: clock,
    controller: 'flagger',
    version: '1.44.0',
    remark: undefined,
    standing: 'pass',
    contracts: [{ rule: verdictOf('F1', 'pass'), standing: 'pass', thread: undefined }],
    steps: [],
    accuracy_case: undefined,
    decision: undefined,
    ...overrides,
  };
}

/** The synthetic run as it would be with a contract declared and, if given, a break expected. */
function recorded(
  declared: { readonly known_break?: { contract: string; thread: string }; readonly version?: string },
  options: SyntheticRunOptions = {},
): JudgedRun | undefined {
  const { version = '1.44.0', known_break } = declared;
  const records = syntheticRun(options).map((record): TimelineRecord => {
    if (record.kind === 'spec') {
      return {
        ...record,
        data: { ...record.data, contracts: ['F1'], ...(known_break ? { known_break } : {}) },
      };
    }
    if (record.kind !== 'scenario') return record;
    return { ...record, data: { ...record.data, versions: { flagger: version } } };
  });
  const timeline = new Timeline(records);
  return judgedRunOf(timeline, { ...SAMPLE_META, ...judgeRollout(timeline) }, 'folder');
}

describe('contractRows', () => {
  it('says of each contract what was run, what was not and what cannot be', () => {
    const [f1, f26, a1] = contractRows(CONTRACTS, [run()]);
    expect(f1?.verdicts).toMatchObject([
      { version: '1.44.0', standing: 'pass', runs: 1, measured: '30.1 s' },
    ]);
    expect(f26).toMatchObject({ skipped: 'needs Istio', verdicts: [] });
    expect(a1).toMatchObject({ verdicts: [] });
  });

  it('lets the worst of several runs decide, version by version', () => {
    const failed = { rule: verdictOf('F1', 'fail', '50.0 s'), standing: 'fail', thread: undefined } as const;
    const [f1] = contractRows(CONTRACTS, [
      run(),
      run({ contracts: [failed] }),
      run(),
      run({ version: '1.43.0' }),
    ]);
    expect(f1?.verdicts).toMatchObject([
      { version: '1.43.0', standing: 'pass', runs: 1 },
      { version: '1.44.0', standing: 'fail', runs: 3, measured: '50.0 s' },
    ]);
  });
});

describe('judgedRunOf', () => {
  it('reads contracts and steps of a rollback from its timeline', () => {
    const judged = recorded({});
    expect(judged?.contracts.map(({ rule, standing }) => [rule.rule, standing])).toEqual([['F1', 'pass']]);
    expect(judged?.steps.map(({ id }) => id)).toEqual([
      'shipped',
      'seen',
      'ready',
      'first-bad',
      'failing',
      'withdrawn',
      'gone',
      'told',
    ]);
  });

  it('reports a broken contract that was known to be broken, and one that holds as news', () => {
    const known_break = { contract: 'F1', thread: 'fluxcd/flagger#1' };
    expect(recorded({ known_break })).toMatchObject({ standing: 'news', contracts: [{ standing: 'news' }] });
    const broken = recorded({ known_break }, { outcome: 'never-rolled-back' });
    expect(broken).toMatchObject({
      standing: 'known-break',
      contracts: [{ standing: 'known-break', thread: 'fluxcd/flagger#1' }],
    });
  });

  it('says that a version was judged by the contracts of another', () => {
    const judged = recorded({ version: '1.45.1' });
    expect(judged?.remark).toBe('there are no contracts for flagger 1.45.1: judged by those of 1.44.0');
    expect(judged?.contracts[0]?.rule.remark).toBe(judged?.remark);
  });
});

function seen(seen_s: number, bad_s: number | undefined): JudgedRun['steps'] {
  return [
    { id: 'shipped', label: 'Shipped', after: undefined, at_s: 0 },
    { id: 'seen', label: 'Seen', after: 'shipped', at_s: seen_s },
    { id: 'bad', label: 'Bad', after: 'seen', at_s: bad_s },
  ];
}

describe('a run that was broken on purpose', () => {
  it('says nothing of the stack', () => {
    const timeline = new Timeline(syntheticRun());
    const verdict = { ...SAMPLE_META, ...judgeRollout(timeline), seeded_defect: 'load-starved' };
    expect(judgedRunOf(timeline, verdict, 'folder')).toBeUndefined();
  });
});

describe('rollbackTimes', () => {
  it('gives smallest, median and largest over the repetitions of a scenario', () => {
    const [times] = rollbackTimes([
      run({ steps: seen(1, 11) }),
      run({ steps: seen(3, undefined) }),
      run({ steps: seen(2, 14) }),
      run({ steps: seen(99, 99), standing: 'inconclusive' }),
    ]);
    expect(times).toMatchObject({ runs: 3, left_out: 1 });
    expect(times?.steps[1]?.moment).toEqual({ seen: 3, min_s: 1, median_s: 2, max_s: 3 });
    expect(times?.steps[2]).toMatchObject({
      moment: { seen: 2, min_s: 11, median_s: 12.5, max_s: 14 },
      took: { seen: 2, min_s: 10, median_s: 11, max_s: 12 },
    });
  });

  it('keeps scenarios and versions apart, and leaves out what was no rollback', () => {
    const times = rollbackTimes([
      run({ steps: seen(1, 2) }),
      run({ steps: seen(1, 2), version: '1.43.0' }),
      run({ steps: seen(1, 2), scenario: 'other' }),
      run(),
    ]);
    expect(times.map(({ scenario, version }) => [scenario, version])).toEqual([
      ['other', '1.44.0'],
      ['rollback/flagger/analysis/threshold', '1.43.0'],
      ['rollback/flagger/analysis/threshold', '1.44.0'],
    ]);
    expect(spreadOf([])).toBeUndefined();
  });
});

describe('the files', () => {
  const hostile = '<script>alert(1)</script>|`x`\n&"';
  const known = run({
    standing: 'known-break',
    scenario: hostile,
    contracts: [
      { rule: verdictOf('F1', 'fail', hostile), standing: 'known-break', thread: 'fluxcd/flagger#1898' },
    ],
  });

  it('name every standing in words, and hold text that is text', () => {
    const document = contractsDocument([run({ remark: 'judged by those of 1.44.0' }), known]);
    const html = renderContractsHtml(document);
    expect(markupFault(html)).toBeUndefined();
    expect(html).toContain('Known break');
    expect(html).toContain('Reported in fluxcd/flagger#1898.');
    const markdown = renderContractsMarkdown(document);
    expect(markdown).toContain('known break');
    expect(markdown).not.toContain('<script>');
    expect(markdown.split('\n').filter((line) => line.startsWith('| F1 |'))).toHaveLength(1);
    expect(parseContracts(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mettle-contracts-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  async function runFolder(name: string, text = syntheticRun().map(formatRecord).join('')): Promise<void> {
    await mkdir(join(dir, name), { recursive: true });
    await writeFile(join(dir, name, 'timeline.jsonl'), text);
    const verdict = { ...SAMPLE_META, ...judgeRollout(new Timeline(syntheticRun())) };
    await writeFile(join(dir, name, 'verdict.json'), JSON.stringify(verdict));
  }

  it('are written beside the runs; seeded defects are left out, and what cannot be read is named', async () => {
    await runFolder('a/2026-01-15T10-00-00Z');
    await runFolder('a/2026-01-15T11-00-00Z');
    await runFolder('seeded-defects/x/2026-01-15T10-00-00Z');
    await runFolder('b/2026-01-15T10-00-00Z', 'broken\n');
    const written = await writeContracts(await runFolders(dir), dir);
    expect(written?.document).toMatchObject({ runs: 2, times: [{ runs: 2 }] });
    expect(written?.unread).toHaveLength(1);
    expect((await readdir(dir)).filter((name) => name.startsWith('contracts')).sort()).toEqual([
      'contracts.html',
      'contracts.json',
      'contracts.md',
    ]);
    expect(parseContracts(JSON.parse(await readFile(join(dir, 'contracts.json'), 'utf8')))).toEqual(
      written?.document,
    );
  });

  it('are not written where no run has anything to say', async () => {
    expect(await writeContracts([], dir)).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
  });
});
