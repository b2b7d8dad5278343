import { h } from 'preact';
import { pageOf } from '../html/shell.ts';
import { formatInstant } from '../model/format.ts';
import { type ContractsDocument, saysOfContracts } from './document.ts';
import { AccuracyTable } from './sections/accuracy-table.ts';
import { ContractTable } from './sections/contract-table.ts';
import { RecoveryTables } from './sections/recovery-tables.ts';
import { TimeTables } from './sections/time-tables.ts';
import { countsOf } from './words.ts';

/** The contracts and times of a number of runs as one self-contained page. */
export function renderContractsHtml(document: ContractsDocument): string {
  const { contracts, times, accuracy, recoveries, runs, last_run } = document;
  const of_contracts = saysOfContracts(document);
  const counts = countsOf(contracts).map(({ word, count }) =>
    h(
      'div',
      { class: 'figure' },
      h('dt', null, word.charAt(0).toUpperCase() + word.slice(1)),
      h('dd', { class: 'big' }, String(count)),
    ),
  );
  return pageOf(
    of_contracts ? 'Contracts' : 'Recoveries',
    h(
      'header',
      null,
      h(
        'p',
        { class: 'eyebrow' },
        h('span', { class: 'brand' }, 'Mettle'),
        h('span', null, `${runs} run${runs === 1 ? '' : 's'}`),
        last_run === null ? null : h('span', null, `the last of ${formatInstant(Date.parse(last_run))}`),
      ),
      h(
        'h1',
        null,
        of_contracts
          ? 'What the rollout controllers promise, and whether they keep it.'
          : 'How long it takes to recover from a loss.',
      ),
    ),
    of_contracts ? h('section', { 'aria-label': 'Counts' }, h('dl', { class: 'figures' }, ...counts)) : null,
    of_contracts ? h(ContractTable, { rows: contracts }) : null,
    accuracy.length === 0 ? null : h(AccuracyTable, { rows: accuracy }),
    times.length === 0 ? null : h(TimeTables, { times }),
    recoveries.length === 0 ? null : h(RecoveryTables, { recoveries }),
  );
}
