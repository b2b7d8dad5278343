import { h, type JSX } from 'preact';
import { formatCount, NO_DATA } from '../../model/format.ts';
import type { RecoveryStepTimes, RecoveryTimes } from '../recovery-times.ts';
import { lostText, seconds, spreadText } from '../words.ts';

/** Where the time to recover went, one table for each scenario. */
export function RecoveryTables({
  recoveries,
}: {
  readonly recoveries: readonly RecoveryTimes[];
}): JSX.Element {
  return h(
    'section',
    { 'aria-labelledby': 'recoveries' },
    h('h2', { id: 'recoveries' }, 'Where the time to recover went'),
    h(
      'p',
      { class: 'lead' },
      'Smallest, median and largest of all runs, in seconds. A bar reaches from the median of the beginnings, counted from the loss, to the median of the ends.',
    ),
    ...recoveries.map((one) => h(RecoveryTable, { times: one })),
  );
}

function RecoveryTable({ times }: { readonly times: RecoveryTimes }): JSX.Element {
  const { scenario, runs, left_out, steps, recovered, first_answer, recovery_point } = times;
  const to_s = steps.reduce((last, { ended }) => Math.max(last, ended?.max_s ?? 0), 1);
  return h(
    'div',
    null,
    h('h3', null, h('code', null, scenario)),
    h(
      'dl',
      { class: 'figures' },
      ...[
        ['Recovered in', spreadText(recovered)],
        ['First good answer after', spreadText(first_answer)],
        ['Accepted orders lost', lostText(times)],
        ['Reached back before the loss', spreadText(recovery_point)],
      ].map(([name, value]) =>
        h('div', { class: 'figure' }, h('dt', null, name), h('dd', { class: 'value' }, value)),
      ),
    ),
    h(
      'table',
      { class: 'waterfall times' },
      h(
        'caption',
        null,
        `${formatCount(runs)} run${runs === 1 ? '' : 's'}${left_out > 0 ? `; ${left_out} that proved nothing left out` : ''}`,
      ),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Step'),
          ...['Min', 'Median', 'Max', 'Began (median)'].map((name) =>
            h('th', { scope: 'col', class: 'number' }, name),
          ),
          h('th', { scope: 'col', class: 'bar-cell' }, h('span', { class: 'hidden' }, 'Drawn to scale')),
        ),
      ),
      h('tbody', null, ...steps.map((step) => h(Step, { step, runs, to_s }))),
    ),
  );
}

function Step(props: {
  readonly step: RecoveryStepTimes;
  readonly runs: number;
  readonly to_s: number;
}): JSX.Element {
  const { label, took, began, ended } = props.step;
  const seen = took?.seen ?? 0;
  const name = h(
    'th',
    { scope: 'row' },
    label,
    seen > 0 && seen < props.runs ? h('span', { class: 'fine' }, `done in ${seen} of ${props.runs}`) : null,
  );
  if (!took || !began || !ended)
    return h('tr', null, name, h('td', { class: 'missing', colSpan: 5 }, NO_DATA));
  const place = (value: number): number => (Math.max(value, 0) / props.to_s) * 100;
  const left = place(began.median_s);
  const width = Math.max(place(ended.median_s) - left, 0.8);
  return h(
    'tr',
    null,
    name,
    ...[took.min_s, took.median_s, took.max_s, began.median_s].map((value) =>
      h('td', { class: 'number' }, seconds(value)),
    ),
    h(
      'td',
      { class: 'bar-cell' },
      h(
        'span',
        { class: 'track', 'aria-hidden': 'true' },
        h('span', {
          class: 'bar',
          style: `left:${Math.min(left, 99.2).toFixed(2)}%;width:${width.toFixed(2)}%`,
        }),
      ),
    ),
  );
}
