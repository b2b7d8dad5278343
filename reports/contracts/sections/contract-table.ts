import { h, type JSX } from 'preact';
import { OutcomeBadge, TONES } from '../../html/icons.ts';
import { typeset } from '../../html/typeset.ts';
import { sentence } from '../../html/sections/banner.ts';
import type { ContractRow, VersionVerdict } from '../rows.ts';
import { besides, CONTROLLER_NAMES, noVerdict } from '../words.ts';

/** Every contract, one row for each version that was run. */
export function ContractTable({ rows }: { readonly rows: readonly ContractRow[] }): JSX.Element {
  return h(
    'section',
    { 'aria-labelledby': 'contracts' },
    h('h2', { id: 'contracts' }, 'Contracts'),
    h(
      'table',
      { class: 'contracts cards' },
      h(
        'caption',
        null,
        'Where several runs judged a contract, the worst decides. A known break is one that was reported upstream and was expected.',
      ),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          ...['Contract', 'Version and verdict', 'Measured', 'Limit'].map((name) =>
            h('th', { scope: 'col' }, name),
          ),
        ),
      ),
      ...rows.map((row) => h('tbody', { id: row.id }, ...rowsOf(row))),
    ),
  );
}

function rowsOf(row: ContractRow): readonly JSX.Element[] {
  const { verdicts } = row;
  const head = h(
    'th',
    { scope: 'rowgroup', rowSpan: Math.max(verdicts.length, 1), 'data-label': 'Contract' },
    h('span', { class: 'promise' }, `${row.id}  ${row.promise}`),
    h('span', { class: 'fine' }, [row.source, ...row.threads].join('; ')),
  );
  if (verdicts.length === 0) {
    return [h('tr', null, head, h('td', { class: 'missing', colSpan: 3 }, sentence(noVerdict(row))))];
  }
  return verdicts.map((verdict, index) =>
    h('tr', { class: TONES[verdict.standing] }, index === 0 ? head : null, ...cellsOf(verdict)),
  );
}

function cellsOf(verdict: VersionVerdict): readonly JSX.Element[] {
  const { controller, version, standing, reason, scenario, measured, limit } = verdict;
  const notes = [...(standing === 'pass' ? [] : [reason]), ...besides(verdict)];
  return [
    h(
      'td',
      { 'data-label': 'Verdict' },
      h(OutcomeBadge, { outcome: standing }),
      h('span', { class: 'fine' }, `${CONTROLLER_NAMES[controller]} ${version}`),
      ...notes.map((note) => h('span', { class: 'reason' }, typeset(sentence(note)))),
      h('span', { class: 'fine' }, h('code', null, scenario)),
    ),
    h('td', { 'data-label': 'Measured' }, h('span', { class: 'value' }, typeset(measured))),
    h('td', { 'data-label': 'Limit' }, h('span', { class: 'value' }, typeset(limit))),
  ];
}
