import { h, type JSX } from 'preact';

/**
 * A compact table that becomes a list of cards on a narrow page.
 * @param rows_named whether the first cell of a row names it
 * @param cell_class class of every other cell
 */
export function compactTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { rows_named = false, cell_class }: { readonly rows_named?: boolean; readonly cell_class?: string } = {},
): JSX.Element {
  const attributes = cell_class === undefined ? {} : { class: cell_class };
  return h(
    'table',
    { class: 'compact cards' },
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        head.map((name) => h('th', { scope: 'col' }, name)),
      ),
    ),
    h(
      'tbody',
      null,
      rows.map((cells) =>
        h(
          'tr',
          null,
          cells.map((cell, index) =>
            rows_named && index === 0
              ? h('th', { scope: 'row' }, cell)
              : h('td', { ...attributes, 'data-label': head[index] }, cell),
          ),
        ),
      ),
    ),
  );
}
