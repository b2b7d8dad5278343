import { h, type ComponentChildren, type JSX } from 'preact';
import type { JudgedDrift } from '#harness/core/drift.ts';
import { formatCount } from '../../../model/format.ts';
import type { ContentComparison } from '../../../model/recovery/content.ts';
import type { DriftReport, Recovery } from '../../../model/recovery/recovery.ts';
import { driftSides } from '../../../model/recovery/words.ts';

/** Most differences that the page lists: a cluster that is nothing like the former one must not make it unreadable. */
const SHOWN_MAX = 300;

/** Whether the cluster and its database are what they were. */
export function Sameness({ recovery }: { readonly recovery: Recovery }): JSX.Element {
  const { drift, content } = recovery;
  return h(
    'section',
    { 'aria-labelledby': 'sameness' },
    h('h2', { id: 'sameness' }, 'Is it the same as before?'),
    h('h3', null, 'Objects'),
    drift === undefined
      ? h('p', { class: 'empty' }, 'No data: the objects were not recorded both before and after.')
      : h(Objects, { drift }),
    h('h3', null, 'Database'),
    content === undefined
      ? h('p', { class: 'empty' }, 'No data: the database was not read both before and after.')
      : h(Content, { content }),
  );
}

function Objects({ drift }: { readonly drift: DriftReport }): JSX.Element {
  const { objects, fields, drift: found, allowed } = drift;
  const compared = `${formatCount(fields)} fields of ${formatCount(objects)} objects were compared.`;
  return h(
    'div',
    null,
    found.length === 0
      ? h('p', null, `${compared} None differs that may not.`)
      : driftTable(`${compared} ${differ(found.length)}.`, found, false),
    allowed.length === 0
      ? null
      : h(
          'details',
          null,
          h('summary', null, `${differ(allowed.length)} as the scenario said before`),
          h('div', { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Declared differences' }, [
            driftTable('Declared before the loss, each with its reason.', allowed, true),
          ]),
        ),
  );
}

function differ(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'differs' : 'differ'}`;
}

function driftTable(caption: string, rows: readonly JudgedDrift[], reasons: boolean): JSX.Element {
  return h(
    'div',
    null,
    table(
      caption,
      ['Object', 'Field', 'Before', 'After', ...(reasons ? ['Why it may'] : [])],
      rows.slice(0, SHOWN_MAX).map((one) => {
        const { field, before, after } = driftSides(one);
        return [one.subject, field, before, after, ...(reasons ? [one.why ?? ''] : [])];
      }),
    ),
    rows.length > SHOWN_MAX
      ? h('p', { class: 'fine' }, `${formatCount(rows.length - SHOWN_MAX)} more are in timeline.jsonl.`)
      : null,
  );
}

function rowsText(rows: number | undefined): string {
  return rows === undefined ? 'not there' : formatCount(rows);
}

function Content({ content }: { readonly content: ContentComparison }): JSX.Element {
  const { tables, compared, differences } = content;
  return h(
    'div',
    null,
    table(
      'Tables, compared by all their rows, whatever their order; one that grows, up to the last row before the loss.',
      ['Table', 'Rows before', 'Rows after', 'Content'],
      tables.map(({ table: name, rows_before, rows_after, same }) => [
        name,
        rowsText(rows_before),
        rowsText(rows_after),
        same ? 'the same' : h('strong', null, 'differs'),
      ]),
    ),
    differences.length === 0
      ? h(
          'p',
          null,
          `${formatCount(compared)} columns, constraints, indexes and sequences were compared: all are as they were.`,
        )
      : table(
          `Of ${formatCount(compared)} columns, constraints, indexes and sequences ${differ(differences.length)}.`,
          ['What', 'Before', 'After'],
          differences.slice(0, SHOWN_MAX).map(({ what, before, after }) => [what, before, after]),
        ),
  );
}

function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly ComponentChildren[])[],
): JSX.Element {
  return h(
    'table',
    { class: 'drift cards' },
    h('caption', null, caption),
    h('thead', null, h('tr', null, ...head.map((name) => h('th', { scope: 'col' }, name)))),
    h(
      'tbody',
      null,
      ...rows.map((cells) =>
        h(
          'tr',
          null,
          ...cells.map((cell, index) =>
            index === 0
              ? h('th', { scope: 'row', class: 'said' }, cell)
              : h('td', { class: 'said', 'data-label': head[index] }, cell),
          ),
        ),
      ),
    ),
  );
}
