import { h, type JSX } from 'preact';
import { NO_DATA } from '../../model/format.ts';
import type { RollbackTimes, Spread, StepTimes } from '../times.ts';
import { CONTROLLER_NAMES, seconds } from '../words.ts';

/** Where the time to roll back went, one table for each scenario and version. */
export function TimeTables({ times }: { readonly times: readonly RollbackTimes[] }): JSX.Element {
  return h(
    'section',
    { 'aria-labelledby': 'times' },
    h('h2', { id: 'times' }, 'Where the time to roll back went'),
    h(
      'p',
      { class: 'lead' },
      'Smallest, median and largest of all runs, in seconds. Moments are counted from the shipping of the release; a bar reaches from the earliest to the latest, the mark is the median.',
    ),
    ...times.map((one) => h(TimeTable, { times: one })),
  );
}

function TimeTable({ times }: { readonly times: RollbackTimes }): JSX.Element {
  const { scenario, controller, version, runs, left_out, steps } = times;
  const to_s = steps.reduce((last, { moment }) => Math.max(last, moment?.max_s ?? 0), 1);
  return h(
    'div',
    null,
    h('h3', null, h('code', null, scenario), `, ${CONTROLLER_NAMES[controller]} ${version}`),
    h(
      'table',
      { class: 'waterfall times' },
      h(
        'caption',
        null,
        `${runs} run${runs === 1 ? '' : 's'}${left_out > 0 ? `; ${left_out} that proved nothing left out` : ''}`,
      ),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Step'),
          ...['Min', 'Median', 'Max', 'Took (median)'].map((name) =>
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
  readonly step: StepTimes;
  readonly runs: number;
  readonly to_s: number;
}): JSX.Element {
  const { step, runs, to_s } = props;
  const { label, moment, took } = step;
  const seen = moment?.seen ?? 0;
  const name = h(
    'th',
    { scope: 'row' },
    label,
    seen > 0 && seen < runs ? h('span', { class: 'fine' }, `seen in ${seen} of ${runs}`) : null,
  );
  if (!moment) return h('tr', null, name, h('td', { class: 'missing', colSpan: 5 }, NO_DATA));
  const cells = [moment.min_s, moment.median_s, moment.max_s, took?.median_s].map((value) =>
    h('td', { class: 'number' }, value === undefined ? '' : seconds(value)),
  );
  return h('tr', null, name, ...cells, h('td', { class: 'bar-cell' }, bars(moment, to_s)));
}

/** Where a bar stands, in percent of its track; what is too short to see is shown as a mark. */
function placed(from: number, width: number): string {
  return `left:${Math.min(from, 99.2).toFixed(2)}%;width:${Math.max(width, 0.8).toFixed(2)}%`;
}

function bars({ min_s, median_s, max_s }: Spread, to_s: number): JSX.Element {
  const place = (value: number): number => (Math.max(value, 0) / to_s) * 100;
  return h(
    'span',
    { class: 'track', 'aria-hidden': 'true' },
    h('span', { class: 'bar', style: placed(place(min_s), place(max_s) - place(min_s)) }),
    h('span', { class: 'bar instant', style: placed(place(median_s), 0) }),
  );
}
