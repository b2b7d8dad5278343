import { h, type JSX } from 'preact';
import type { MethodAnswer } from '#harness/core/migration.ts';
import { formatCount, formatDuration_ms, formatOffset_ms, NO_DATA } from '../../model/format.ts';
import type { MigratedTable, MigrationStep, MigrationView } from '../../model/migration.ts';
import type { RunFacts } from '../../model/run-facts.ts';
import { compactTable } from '../table.ts';

const NAMED = { rows_named: true, cell_class: 'said' };

/** What was migrated when, what users met meanwhile, what was refused and why, and what became of the rows. */
export function Migration(props: {
  readonly facts: RunFacts;
  readonly migration: MigrationView;
}): JSX.Element {
  const { facts, migration } = props;
  const { steps, windows, restores } = migration;
  return h(
    'section',
    { 'aria-labelledby': 'migration' },
    h('h2', { id: 'migration' }, 'The migration'),
    h(
      'p',
      { class: 'lead' },
      `Times from ${facts.origin_name}. Failed requests count from the beginning of a step to the next one`,
      ', without those of a release that is bad on purpose',
      windows.length === 0 ? '.' : '; writes that are refused in a read-only time are among them.',
    ),
    compactTable(
      ['Migration', 'What became of it', 'From', 'Took', 'Failed requests'],
      steps.map((step) => [
        step.name,
        becameOf(step),
        offset(facts, step.from),
        step.state === 'refused' ? '\u2013' : formatDuration_ms(took(step)),
        formatCount(step.failed),
      ]),
      NAMED,
    ),
    ...(windows.length === 0 ? [] : [h(ReadOnly, { facts, migration })]),
    ...(restores.length === 0 ? [] : [h(Restores, { facts, migration })]),
    h(Errors, { facts, migration }),
    h('h3', null, 'Rows from before, afterwards'),
    h(Rows, { tables: migration.tables }),
  );
}

function offset(facts: RunFacts, at: number | undefined): string {
  return formatOffset_ms(at === undefined ? undefined : at - facts.origin);
}

function took({ from, to }: MigrationStep): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from;
}

const STATES: Readonly<Record<MigrationStep['state'], string>> = {
  applied: 'applied',
  failed: 'FAILED',
  refused: 'refused',
  running: 'its end was not seen',
  never: 'never asked for',
};

/** In words, and whether that is what was declared. */
function becameOf({ state, expected, note }: MigrationStep): string {
  const declared =
    state === expected ? (state === 'refused' ? ', as declared' : '') : `, declared: ${expected}`;
  return `${STATES[state]}${declared}${note === '' ? '' : `: ${note}`}`;
}

function answersText(answers: readonly MethodAnswer[]): string {
  if (answers.length === 0) return NO_DATA;
  const words = answers.map(({ method, status, retry_after_s }) => {
    const again = retry_after_s === undefined ? '' : `, again after ${retry_after_s} s`;
    return `${method} ${status}${again}`;
  });
  return words.join('; ');
}

interface Shown {
  readonly facts: RunFacts;
  readonly migration: MigrationView;
}

function ReadOnly({ facts, migration: { windows } }: Shown): JSX.Element {
  return h(
    'div',
    null,
    h('h3', null, 'Read-only'),
    compactTable(
      ['By', 'What clients were answered', 'Asked for', 'Held from', 'Ended', 'Lease until'],
      windows.map(({ by, answers, asked_at, held_at, ended_at, ended_by, lease_until }) => [
        by === 'flag' ? "the service's flag" : 'a rule of the proxy',
        answersText(answers),
        offset(facts, asked_at),
        offset(facts, held_at),
        `${offset(facts, ended_at)}${ended_by === undefined ? '' : `, by the ${ended_by}`}`,
        offset(facts, lease_until),
      ]),
      NAMED,
    ),
  );
}

const RESTORED: Readonly<Record<MigrationView['restores'][number]['state'], string>> = {
  same: 'restored elsewhere, and the same',
  differs: 'restored elsewhere, and NOT the same',
  failed: 'NOT restored',
};

function Restores({ facts, migration: { restores } }: Shown): JSX.Element {
  return h(
    'div',
    null,
    h('h3', null, 'Backups'),
    compactTable(
      ['Backup', 'What was made of it', 'Taken', 'Compared'],
      restores.map(({ backup, state, note, taken_at, at }) => [
        backup,
        `${RESTORED[state]}: ${note}`,
        offset(facts, taken_at),
        offset(facts, at),
      ]),
      NAMED,
    ),
  );
}

/** What the database's own log says of the service's statements. */
function Errors({ facts, migration: { errors } }: Shown): JSX.Element {
  return h(
    'div',
    null,
    h('h3', null, 'Statements that the database refused to the service'),
    errors === undefined
      ? h('p', { class: 'empty' }, 'No data: the log of the database was not read.')
      : errors.errors.length === 0
        ? h('p', null, 'None.')
        : compactTable(
            ['SQLSTATE', 'In the words of the server', 'Times', 'First', 'Last'],
            errors.errors.map(({ sqlstate, message, count, first_at, last_at }) => [
              sqlstate,
              message,
              formatCount(count),
              offset(facts, first_at),
              offset(facts, last_at),
            ]),
            NAMED,
          ),
  );
}

function columnsText({ same, differs, gone, added, rows_after }: MigratedTable): string {
  if (rows_after === undefined) return 'the table is gone';
  const renamed = same.filter((name) => name.includes(' is now '));
  const parts = [
    `${same.length} hold what they held${renamed.length === 0 ? '' : ` (${renamed.join(', ')})`}`,
    differs.length === 0 ? '' : `OTHER VALUES: ${differs.join(', ')}`,
    gone.length === 0 ? '' : `gone: ${gone.join(', ')}`,
    added.length === 0 ? '' : `new: ${added.join(', ')}`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function Rows({ tables }: { readonly tables: readonly MigratedTable[] | undefined }): JSX.Element {
  if (tables === undefined) {
    return h('p', { class: 'empty' }, 'No data: the database was not read both before and after.');
  }
  return compactTable(
    ['Table', 'Columns', 'Rows before', 'Of these afterwards'],
    tables.map((table) => [
      table.table,
      columnsText(table),
      formatCount(table.rows_before),
      table.rows_after === undefined ? '0' : formatCount(table.rows_after),
    ]),
    NAMED,
  );
}
