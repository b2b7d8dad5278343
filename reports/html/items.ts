import { h, type JSX } from 'preact';

/** Everything that a reason sums up, folded; `of` is who found it. */
export function Items({
  of,
  items,
}: {
  readonly of: string;
  readonly items: readonly string[];
}): JSX.Element | null {
  if (items.length === 0) return null;
  return h(
    'details',
    null,
    h('summary', null, items.length === 1 ? 'Which one' : `All ${items.length}`),
    h(
      'ul',
      { class: 'scroll notes', tabIndex: 0, role: 'region', 'aria-label': `All that ${of} found` },
      ...items.map((item) => h('li', null, item)),
    ),
  );
}
