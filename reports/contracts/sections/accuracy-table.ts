import { h, type JSX } from 'preact';
import { renderAccuracyChart } from '../../charts/accuracy.ts';
import { type AccuracyRow, errorRates, proportionText } from '../accuracy.ts';
import { compactTable } from '../../html/table.ts';

const WIDE_PX = 1080;
const NARROW_PX = 360;
const TITLE = 'How often the judge is right';

/** False positives and false negatives at the edge of what is borne, beside a reference judge on the same answers. */
export function AccuracyTable({ rows }: { readonly rows: readonly AccuracyRow[] }): JSX.Element {
  const chart = (id: string, width: number): JSX.Element =>
    h('div', {
      class: `chart ${id}`,
      // The SVG is made by the chart library, which escapes every text in it.
      dangerouslySetInnerHTML: {
        __html: renderAccuracyChart(rows, width, {
          id: `accuracy-${id}`,
          title: TITLE,
          description:
            'The share of releases rolled back in each case; the figures are in the table that follows.',
        }),
      },
    });
  return h(
    'section',
    { 'aria-labelledby': 'accuracy' },
    h('h2', { id: 'accuracy' }, TITLE),
    h(
      'p',
      { class: 'lead' },
      'Releases a little within and a little beyond the limits. The reference judge compares what clients received second by second, by a Mann-Whitney test. Bars and brackets are Clopper-Pearson intervals of 95 %.',
    ),
    h('figure', null, chart('wide', WIDE_PX), chart('narrow', NARROW_PX)),
    compactTable(
      ['Judge', 'Good releases rolled back', 'Bad releases promoted'],
      errorRates(rows).map(({ judge, false_positives, false_negatives }) => [
        judge,
        proportionText(false_positives),
        proportionText(false_negatives),
      ]),
    ),
    compactTable(
      ['Case', 'Controller', 'To be', 'Rolled back', 'By the reference', 'Proved nothing'],
      rows.map((row) => [
        row.case,
        `${row.controller_name} ${row.version}`,
        row.expected === 'rollback' ? 'rolled back' : 'promoted',
        proportionText(row.rolled_back),
        proportionText(row.reference_rolled_back),
        String(row.left_out),
      ]),
      { rows_named: true },
    ),
  );
}
