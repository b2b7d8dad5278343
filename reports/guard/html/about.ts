import { h, type JSX } from 'preact';
import { formatCount } from '../../model/format.ts';
import { compactTable } from '../../html/table.ts';
import { bytes } from '#harness/judge/guard/words.ts';
import type { GuardReport } from '../model.ts';

/** Most tables that are listed: the largest. */
const TABLES_MAX = 40;

/** What it was run on, what was not judged, and what no rule of the linter warns of. */
export function GuardAbout({ report: { facts, verdict } }: { readonly report: GuardReport }): JSX.Element {
  const { data, server, lint, left_out = [] } = facts;
  const tables = data.tables.toSorted((left, right) => right.rows - left.rows);
  const notes = [
    ...verdict.unseen_by_linter,
    ...verdict.not_judged.map(({ check, why }) => `not judged: ${check} (${why})`),
    ...left_out.filter(({ part }) => part === 'lint').map(({ why }) => `not linted: ${why}`),
  ];
  return h(
    'section',
    { 'aria-labelledby': 'about' },
    h('h2', { id: 'about' }, 'About this run'),
    notes.length === 0 ? null : h('ul', { class: 'notes' }, ...notes.map((note) => h('li', null, note))),
    h(
      'p',
      { class: 'lead' },
      `PostgreSQL ${server.version}, engine ${server.engine}${lint === undefined ? '' : `; ${lint.tool} ${lint.version}`}. Readers may be blocked for ${verdict.budgets.readers_ms} ms, writers for ${verdict.budgets.writers_ms} ms.`,
    ),
    compactTable(
      ['table', 'rows', 'size'],
      tables
        .slice(0, TABLES_MAX)
        .map(({ table, rows, bytes: size }) => [table, formatCount(rows), bytes(size)]),
      { rows_named: true, cell_class: 'number' },
    ),
    tables.length > TABLES_MAX
      ? h('p', { class: 'fine' }, `and ${tables.length - TABLES_MAX} smaller tables`)
      : null,
  );
}
