import { SIGNS } from '../markdown/signs.ts';
import { plain, table } from '../markdown/text.ts';
import { type AccuracyRow, errorRates, proportionText } from './accuracy.ts';
import { type ContractsDocument, saysOfContracts } from './document.ts';
import type { RecoveryTimes } from './recovery-times.ts';
import type { ContractRow } from './rows.ts';
import type { RollbackTimes } from './times.ts';
import { besides, CONTROLLER_NAMES, countsOf, lostText, noVerdict, spreadText } from './words.ts';

/** The table of contracts, one line for each version that was run. */
export function contractLines(rows: readonly ContractRow[]): string[] {
  return table(
    ['id', 'promise', 'source', 'version', 'verdict', 'measured', 'limit'],
    rows.flatMap((row) => linesOf(row)),
  );
}

function linesOf(row: ContractRow): readonly (readonly string[])[] {
  const { id, promise, source, threads, verdicts } = row;
  const from = [source, ...threads].join('; ');
  if (verdicts.length === 0) return [[id, promise, from, '', noVerdict(row), '', '']];
  return verdicts.map((verdict, index) => {
    const { controller, version, standing, measured, limit, reason } = verdict;
    const notes = [...(standing === 'pass' ? [] : [reason]), ...besides(verdict)];
    return [
      id,
      index === 0 ? promise : '',
      index === 0 ? from : '',
      `${CONTROLLER_NAMES[controller]} ${version}`,
      [SIGNS[standing], ...(notes.length === 0 ? [] : [`(${notes.join('; ')})`])].join(' '),
      measured,
      limit,
    ];
  });
}

/** Where the time to roll back went, scenario by scenario: smallest, median and largest. */
export function timeLines(times: readonly RollbackTimes[]): string[] {
  return times.flatMap(({ scenario, controller, version, runs, left_out, steps }) => [
    '',
    `### ${plain(scenario)}, ${CONTROLLER_NAMES[controller]} ${plain(version)}`,
    '',
    `${runs} run${runs === 1 ? '' : 's'}${left_out > 0 ? `, ${left_out} inconclusive left out` : ''}; smallest / median / largest where there are several.`,
    '',
    ...table(
      ['step', 'from the shipping', 'took', 'seen'],
      steps.map(({ label, moment, took }) => [
        label,
        spreadText(moment),
        took ? spreadText(took) : '',
        `${moment?.seen ?? 0} of ${runs}`,
      ]),
    ),
  ]);
}

/** Where the time to recover went, scenario by scenario: smallest, median and largest. */
function recoveryTimeLines(recoveries: readonly RecoveryTimes[]): string[] {
  return recoveries.flatMap((times) => [
    '',
    `### ${plain(times.scenario)}`,
    '',
    `${times.runs} run${times.runs === 1 ? '' : 's'}${times.left_out > 0 ? `, ${times.left_out} inconclusive left out` : ''}; smallest / median / largest where there are several. Recovered in ${spreadText(times.recovered)}, first good answer after ${spreadText(times.first_answer)}; accepted orders lost: ${lostText(times)}.`,
    '',
    ...table(
      ['step', 'began', 'took', 'done'],
      times.steps.map(({ label, began, took }) => [
        label,
        spreadText(began),
        spreadText(took),
        `${took?.seen ?? 0} of ${times.runs}`,
      ]),
    ),
  ]);
}

/** How often each judge was wrong, and case by case; intervals are of 95 %. */
export function accuracyLines(rows: readonly AccuracyRow[]): string[] {
  return [
    ...table(
      ['judge', 'good releases rolled back', 'bad releases promoted'],
      errorRates(rows).map(({ judge, false_positives, false_negatives }) => [
        judge,
        proportionText(false_positives),
        proportionText(false_negatives),
      ]),
    ),
    '',
    ...table(
      ['case', 'controller', 'to be', 'rolled back', 'by the reference'],
      rows.map((row) => [
        row.case,
        `${row.controller_name} ${row.version}`,
        row.expected === 'rollback' ? 'rolled back' : 'promoted',
        proportionText(row.rolled_back),
        proportionText(row.reference_rolled_back),
      ]),
    ),
  ];
}

/** The contracts and times of a number of runs, for people who read Markdown. */
export function renderContractsMarkdown(document: ContractsDocument): string {
  const { runs, last_run, contracts, times, accuracy, recoveries } = document;
  const of_contracts = saysOfContracts(document);
  const counts = countsOf(contracts).map(({ word, count }) => `${count} ${word}`);
  const lines = [
    of_contracts ? '# Contracts' : '# Recoveries',
    '',
    `${of_contracts ? `${counts.join(', ')}; ` : ''}${runs} run${runs === 1 ? '' : 's'}${last_run === null ? '' : `, the last of ${last_run}`}.`,
    '',
    ...(of_contracts ? contractLines(contracts) : []),
    ...(accuracy.length === 0 ? [] : ['', '## How often the judge is right', '', ...accuracyLines(accuracy)]),
    ...(times.length === 0 ? [] : ['', '## Where the time to roll back went', ...timeLines(times)]),
    ...(recoveries.length === 0
      ? []
      : ['', '## Where the time to recover went', ...recoveryTimeLines(recoveries)]),
  ];
  return `${lines.join('\n')}\n`;
}
