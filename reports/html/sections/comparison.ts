import { h, type JSX } from 'preact';
import type { ComparisonData } from '#harness/core/comparison.ts';
import { formatCount, formatLatency_ms } from '../../model/format.ts';
import { compactTable } from '../table.ts';

/** What the shop said stands as it was said. */
const SAID = { cell_class: 'said' };

/** What the old and the new release answered to the same requests: what differs, with examples, and how long they took. */
export function Comparison({ compared }: { readonly compared: ComparisonData }): JSX.Element {
  const { pairs, unanswered, differences, durations } = compared;
  return h(
    'section',
    { 'aria-labelledby': 'comparison' },
    h('h2', { id: 'comparison' }, 'The same requests put to both releases'),
    h(
      'p',
      { class: 'lead' },
      `${formatCount(pairs)} requests; ${formatCount(unanswered)} without an answer of one or both. Fields that name the pod, the release and the request are left aside.`,
    ),
    differences.length === 0
      ? h('p', null, 'No answer differs in status or body.')
      : compactTable(
          ['Route', 'Differs in', 'Answers', 'Example', 'Old', 'New'],
          differences.flatMap(({ route, in: where, pairs: count, examples }) =>
            examples.map(({ request, old, next }, index) => [
              index === 0 ? route : '',
              index === 0 ? where : '',
              index === 0 ? formatCount(count) : '',
              request,
              old,
              next,
            ]),
          ),
          SAID,
        ),
    compactTable(
      ['Route', 'Requests', 'Old, median', 'New, median'],
      durations.map(({ route, pairs: count, old_median_ms, next_median_ms }) => [
        route,
        formatCount(count),
        formatLatency_ms(old_median_ms),
        formatLatency_ms(next_median_ms),
      ]),
      SAID,
    ),
  );
}
