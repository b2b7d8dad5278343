import Ajv from 'ajv-draft-04';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Log } from 'sarif';
import { describe, expect, it } from 'vitest';
import type { GuardFacts } from '#harness/core/guard/facts.ts';
import { judgeGuard } from '#harness/judge/guard/judge-guard.ts';
import { GROUNDLESS } from '#harness/judge/guard/testing/defects-grounds.ts';
import { HARM } from '#harness/judge/guard/testing/defects-harm.ts';
import { WAY_BACK } from '#harness/judge/guard/testing/defects-way-back.ts';
import {
  madeColumn,
  madeContent,
  madeFacts,
  madeFailing,
  madeLoad,
  madeStatement,
} from '#harness/judge/guard/testing/made-guard.ts';
import { DEFAULT_BUDGETS } from '#harness/judge/guard/verdict.ts';
import { markupFault } from '../testing/well-formed.ts';
import { renderGuardHtml } from './html/page.ts';
import { renderGuardJson } from './json.ts';
import { renderGuardJunit } from './junit.ts';
import { renderGuardMarkdown } from './markdown.ts';
import type { GuardReport } from './model.ts';
import { renderGuardSarif } from './sarif.ts';
import { renderGuardText } from './text.ts';

const ATTACK = '<script>alert(1)</script><img src=x onerror="alert(2)">&"\'`|]]>\u001b[31m';

const TRUNCATE = madeStatement(
  0,
  'ALTER TABLE users ALTER COLUMN name TYPE varchar(16) USING name::varchar(16)',
  {
    does: [
      {
        does: 'change-type',
        table: 'users',
        column: 'name',
        type: 'varchar(16)',
        using: 'name::varchar(16)',
      },
    ],
  },
);

function reportOf(facts: GuardFacts, accepted: Readonly<Record<string, string>> = {}): GuardReport {
  return { facts, verdict: judgeGuard(facts, { budgets: DEFAULT_BUDGETS, accepted }) };
}

/** A migration that cuts values off, warned of by the linter for another reason, with the kills left out. */
function harmful(): GuardReport {
  return reportOf(
    madeFacts(
      {
        statements: [TRUNCATE],
        content: madeContent({
          columns: [madeColumn('name', { changed: 1204, truncated: 1204, examples: ['id=7', 'id=9'] })],
        }),
      },
      {
        left_out: [{ part: 'kills', why: 'left out by --fast' }],
        lint: {
          tool: 'squawk',
          version: '2.66.0',
          findings: [
            {
              rule: 'require-lock-timeout',
              level: 'warning',
              message: 'Missing `set lock_timeout`',
              position: { file: 'up.sql', line: 1, column: 1 },
              migration: 'up.sql',
              statement: 0,
            },
          ],
        },
      },
    ),
  );
}

const RENDERERS = {
  text: (report: GuardReport) => renderGuardText(report),
  html: renderGuardHtml,
  json: renderGuardJson,
  sarif: renderGuardSarif,
  markdown: renderGuardMarkdown,
  junit: renderGuardJunit,
} as const;

/** The schema of OASIS, as a package of Microsoft carries it. */
function sarifSchema(): object {
  const require = createRequire(import.meta.url);
  return JSON.parse(
    readFileSync(require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'),
  );
}

const validSarif = new Ajv.default({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(
  sarifSchema(),
);

describe.each(Object.entries(RENDERERS))('%s', (_format, render) => {
  it('tells the number that decided, the check and what was not judged', () => {
    const text = render(harmful());
    expect(text.replaceAll('\\_', '_')).toContain('values-kept');
    expect(text).toContain('1,204 values');
    expect(text).toContain('users');
  });

  it('renders any defect without a hole in its words', () => {
    fc.assert(
      fc.property(fc.constantFrom(...HARM, ...WAY_BACK, ...GROUNDLESS), ({ spoil }) => {
        const facts = typeof spoil === 'function' ? spoil(madeFacts()) : madeFacts(spoil);
        expect(render(reportOf(facts))).not.toMatch(/\bundefined\b|NaN|Infinity|\[object/);
      }),
      { numRuns: 40 },
    );
  });

  it('says the same of the same run', () => {
    expect(render(harmful())).toBe(render(harmful()));
  });
});

/** Cells of a row of a table. */
function columns(line: string): number {
  return line.replaceAll('\\|', '').split('|').length;
}

describe('hostile text', () => {
  const facts = madeFacts({
    name: ATTACK,
    statements: [madeStatement(0, ATTACK, { position: { file: ATTACK, line: 1, column: 1 } })],
    under_load: madeLoad({
      workloads: [madeFailing('old', 'after', 3, { code: '42703', message: ATTACK })],
    }),
  });

  it('stays text in a page and in XML', () => {
    const html = renderGuardHtml(reportOf(facts));
    expect(html).not.toMatch(/<script|<img/);
    expect(markupFault(html.replaceAll(/<style[^>]*>[^<]*<\/style>/g, ''))).toBeUndefined();
    const xml = renderGuardJunit(reportOf(facts));
    expect(markupFault(xml.replaceAll(/<!\[CDATA\[[\s\S]*?\]\]>/g, ''))).toBeUndefined();
  });

  it('moves no cursor on a terminal and breaks out of no table of a comment', () => {
    expect(renderGuardText(reportOf(facts))).not.toContain('\u001b');
    const markdown = renderGuardMarkdown(reportOf(facts));
    expect(markdown).not.toMatch(/<script|<img/);
    const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
    expect(new Set(rows.slice(0, 3).map(columns)).size).toBe(1);
  });
});

describe('text', () => {
  const text = renderGuardText(harmful());

  it('tells what each statement does to readers, writers and rows, at its place', () => {
    expect(text).toMatch(/^ {2}up\.sql:1:1 {2}ALTER TABLE users ALTER COLUMN name TYPE varchar\(16\)/m);
    for (const name of ['readers', 'writers', 'rows', 'cost', 'linter', 'old release', 'new release']) {
      expect(text).toMatch(new RegExp(`^ {4}${name} `, 'm'));
    }
  });

  it('gives the safer way as SQL that can be copied, and ends with the verdict', () => {
    expect(text).toMatch(/safer: /);
    expect(text).toContain('ALTER TABLE users ADD COLUMN name_new varchar(16);');
    expect(text.trimEnd().split('\n').at(-1)).toMatch(/^verdict: fail — values-kept: 1,204 values/);
  });

  it('has colour only where it is asked for', () => {
    expect(text).not.toContain('\u001b[');
    expect(renderGuardText(harmful(), { colour: true })).toContain('\u001b[31m');
  });

  it('keeps lines short, but for SQL', () => {
    const long = text.split('\n').filter((line) => line.length > 100 && !/^ {8}/.test(line));
    expect(long).toEqual([]);
  });

  it('takes one line for a migration of several in which all is well', () => {
    const [one] = madeFacts().migrations;
    const facts = { ...madeFacts(), migrations: one === undefined ? [] : [one, { ...one, name: 'two' }] };
    const lines = renderGuardText(reportOf(facts)).split('\n');
    expect(lines.filter((line) => line.startsWith('✓ pass'))).toHaveLength(2);
    expect(lines.length).toBeLessThan(8);
  });
});

describe('sarif', () => {
  it.each([
    ['harm', harmful()],
    ['no evidence', reportOf(madeFacts({ kills: [] }))],
    ['an accepted risk', reportOf(harmful().facts, { 'values-kept': 'nobody reads it' })],
    ['nothing wrong', reportOf(madeFacts())],
  ])('is valid by the schema of SARIF 2.1.0: %s', (_name, report) => {
    const valid = validSarif(JSON.parse(renderGuardSarif(report)));
    expect(validSarif.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('places what fails at its statement, and leaves the linter to a run of its own', () => {
    const log: Log = JSON.parse(renderGuardSarif(harmful()));
    const [guard, lint] = log.runs;
    expect(guard?.results).toHaveLength(1);
    expect(guard?.results?.[0]).toMatchObject({
      ruleId: 'values-kept',
      kind: 'fail',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'up.sql' },
            region: { startLine: 1, startColumn: 1 },
          },
        },
      ],
    });
    expect(lint?.results?.[0]).toMatchObject({ ruleId: 'require-lock-timeout', level: 'note' });
  });

  it('suppresses what somebody accepted, with the reason', () => {
    const log: Log = JSON.parse(
      renderGuardSarif(reportOf(harmful().facts, { 'values-kept': 'nobody reads it' })),
    );
    expect(log.runs[0]?.results?.[0]?.suppressions).toEqual([
      { kind: 'external', status: 'accepted', justification: 'nobody reads it' },
    ]);
  });
});

describe('junit', () => {
  it('counts missing evidence as an error and accepted risks as skipped', () => {
    const xml = renderGuardJunit(reportOf(madeFacts({ kills: [] }), { 'killed-client': 'never killed' }));
    expect(xml).toMatch(/errors="2" skipped="1"/);
    expect(xml).toContain('name="accepted" value="never killed"');
  });
});

describe('markdown', () => {
  it('fits into a comment however many migrations there are', () => {
    const { facts } = harmful();
    const many = Array.from({ length: 400 }, (_, index) => ({
      ...(facts.migrations[0] ?? never()),
      name: `migration-${index}`,
    }));
    const markdown = renderGuardMarkdown(reportOf({ ...facts, migrations: many }));
    expect(markdown.length).toBeLessThan(65_536);
    expect(markdown).toMatch(/migrations more: a comment holds no more than this/);
  });
});

function never(): never {
  throw new Error('the sample has no migration');
}
