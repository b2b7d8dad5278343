import { h, type JSX } from 'preact';
import { formatOffset_ms } from '../../model/format.ts';
import type { Lane, Mark } from '../../model/marks.ts';
import type { RunFacts } from '../../model/run-facts.ts';

const LANE_WORDS: Readonly<Record<Lane, string>> = {
  release: 'release',
  controller: 'decision',
  alert: 'alert',
  chat: 'message',
  fault: 'fault',
  recovery: 'recovery',
  migration: 'migration',
};

/** From this clock error on, a time is shown with its uncertainty. */
const NOTABLE_ERROR_MS = 300;

/** Decisions, alerts and messages in order, with the numbers that the charts show. */
export function Decisions(props: {
  readonly facts: RunFacts;
  readonly marks: readonly Mark[];
  readonly left_off: number;
}): JSX.Element {
  const { facts, marks, left_off } = props;
  return h(
    'section',
    { 'aria-labelledby': 'decisions' },
    h('h2', { id: 'decisions' }, 'Decisions, alerts and messages'),
    marks.length === 0
      ? h('p', { class: 'empty' }, 'No data: nothing was decided, alerted or said, or nobody watched.')
      : h(
          'table',
          { class: 'marks' },
          h(
            'caption',
            null,
            `In order of time, from ${facts.origin_name}. Sources with a coarse clock show their error in seconds.`,
          ),
          h(
            'thead',
            null,
            h(
              'tr',
              null,
              h('th', { scope: 'col' }, 'No.'),
              h('th', { scope: 'col', class: 'number' }, 'Time'),
              h('th', { scope: 'col' }, 'What'),
              h('th', { scope: 'col' }, 'Who'),
            ),
          ),
          h('tbody', null, ...marks.map((mark) => h(Row, { mark, facts }))),
        ),
    left_off > 0 ? h('p', { class: 'fine' }, `${left_off} more are in timeline.jsonl.`) : null,
  );
}

function Row({ mark, facts }: { readonly mark: Mark; readonly facts: RunFacts }): JSX.Element {
  const uncertain = mark.clock_error_ms >= NOTABLE_ERROR_MS;
  return h(
    'tr',
    { class: mark.grave ? 'grave' : undefined, id: `mark-${mark.number}` },
    h('td', null, h('span', { class: mark.grave ? 'sign grave' : 'sign' }, mark.number)),
    h(
      'td',
      { class: 'number' },
      formatOffset_ms(mark.at - facts.origin),
      uncertain
        ? h('span', { class: 'error' }, `\u00b1${Number((mark.clock_error_ms / 1000).toFixed(1))}`)
        : null,
    ),
    h(
      'td',
      null,
      h('span', { class: `lane ${mark.lane}` }, LANE_WORDS[mark.lane]),
      mark.grave ? h('span', { class: 'lane warning' }, 'warning') : null,
      h('span', { class: 'said' }, mark.text),
    ),
    h('td', { class: 'who' }, mark.who),
  );
}
