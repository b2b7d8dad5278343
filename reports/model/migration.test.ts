import { describe, expect, test } from 'vitest';
import {
  syntheticMigration,
  type SyntheticMigrationOptions,
} from '#harness/core/testing/synthetic-migration.ts';
import { after } from '#harness/core/testing/synthetic-parts.ts';
import { Timeline } from '#harness/core/timeline.ts';
import { judgeMigration } from '#harness/judge/migration.ts';
import { renderHtml } from '../html/page.ts';
import { SAMPLE_META } from '../testing/sample-verdicts.ts';
import { markupFault } from '../testing/well-formed.ts';
import { marksOf } from './marks.ts';
import { migrationOf, migrationSpans, type MigrationView, readOnlySpans } from './migration.ts';
import { factsOf } from './run-facts.ts';

function viewOf(options: SyntheticMigrationOptions = {}): MigrationView {
  const view = migrationOf(factsOf(new Timeline(syntheticMigration(options))));
  if (view === undefined) throw new Error('it is a migration');
  return view;
}

/** What a reader sees of the section. */
function textOf(options: SyntheticMigrationOptions = {}): string {
  const timeline = new Timeline(syntheticMigration(options));
  const page = renderHtml(timeline, judgeMigration(timeline), SAMPLE_META);
  expect(markupFault(page)).toBeUndefined();
  const section = /<section aria-labelledby="migration">.*?<\/section>/s.exec(page)?.[0] ?? '';
  return section.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

describe('a view of migrations', () => {
  test('has each step with its times, and none for a step that was refused', () => {
    const { steps } = viewOf();
    expect(steps.map(({ name, state, from, to }) => [name, state, (to ?? 0) - (from ?? 0)])).toEqual([
      ['expand', 'applied', 1000],
      ['early', 'refused', 0],
      ['contract', 'applied', 1000],
    ]);
    expect(migrationSpans(viewOf()).map(({ label }) => label)).toEqual(['expand', 'contract']);
  });

  test('counts the requests that fail with the step in which they do', () => {
    const { steps } = viewOf({ failing: { from_s: 42, seconds: 2 } });
    expect(steps.map(({ name, failed }) => [name, failed])).toEqual([
      ['expand', 0],
      ['early', 0],
      ['contract', 60],
    ]);
  });

  test('does not count those of a release that is bad on purpose', () => {
    const { steps } = viewOf({
      failing: { from_s: 42, seconds: 2 },
      expectation: { bad_release: 'v2' },
    });
    expect(steps.at(-1)?.failed).toBe(0);
  });

  test('tells rows and columns that moved, differ or are gone', () => {
    expect(viewOf().tables).toEqual([
      {
        table: 's.orders',
        rows_before: 5000,
        rows_after: 5000,
        same: ['id', 'content_hash is now digest'],
        differs: [],
        gone: [],
        added: [],
      },
    ]);
    const changed = viewOf({
      content: (data) =>
        data.moment === 'before'
          ? data
          : { ...data, tables: data.tables.map((one) => ({ ...one, rows: 4999, columns: { id: 'other' } })) },
    });
    expect(changed.tables).toMatchObject([
      { rows_after: 4999, same: [], differs: ['id'], gone: ['content_hash'] },
    ]);
  });

  test('has the time in which nobody could write, and who ended it', () => {
    const view = viewOf({ read_only: {} });
    expect(view.windows).toMatchObject([{ by: 'flag', held_at: after(20), ended_by: 'lease' }]);
    expect(readOnlySpans(view).map(({ label }) => label)).toEqual(['by flag']);
  });

  test('leaves out what nobody recorded, instead of showing nought', () => {
    const view = viewOf({ unread: true, states: { contract: 'none' } });
    expect(view.errors).toBeUndefined();
    expect(view.steps.at(-1)).toEqual({ name: 'contract', expected: 'applied', state: 'never', note: '' });
    expect(migrationOf(factsOf(new Timeline([])))).toBeUndefined();
  });

  test('marks what became of each, above the charts', () => {
    const facts = factsOf(new Timeline(syntheticMigration({ states: { contract: 'failed' } })));
    const found = marksOf(facts).marks.filter(({ lane }) => lane === 'migration');
    expect(found.map(({ text, grave }) => [text.split(':')[0], grave])).toEqual([
      ['Migration expand applied', false],
      ['Migration early refused', false],
      ['Migration contract failed', true],
    ]);
  });
});

describe('the section of a page', () => {
  test('says when each was applied, which was refused and why, and that rows are the same', () => {
    const text = textOf();
    expect(text).toMatch(/expand applied: so it is \+\d+\.\d s 1\.0 s 0/);
    expect(text).toContain('early refused, as declared: so it is');
    expect(text).toContain('2 hold what they held (content_hash is now digest)');
    expect(text).toContain('Statements that the database refused to the service None.');
  });

  test('says that an early one was applied although it should have been refused, and shows the words of the server', () => {
    const errors = [
      {
        sqlstate: '42703',
        message: 'column "content_hash" does not exist',
        count: 7,
        first_at: after(42),
        last_at: after(43),
      },
    ];
    const text = textOf({ states: { early: 'applied' }, errors });
    expect(text).toContain('early applied, declared: refused');
    expect(text).toContain('42703 column &quot;content_hash&quot; does not exist 7');
  });

  test('shows what was not read as not read', () => {
    const text = textOf({ unread: true });
    expect(text).toContain('No data: the log of the database was not read.');
  });

  test('shows the read-only mode with what clients were answered', () => {
    expect(textOf({ read_only: {} })).toMatch(
      /the service's flag GET 200; POST 503, again after 7 s.*by the lease/,
    );
  });
});
