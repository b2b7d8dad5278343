import { h, type JSX } from 'preact';
import { renderWaterfall } from '../../../charts/waterfall.ts';
import { formatDuration_ms, formatOffset_ms, NO_DATA } from '../../../model/format.ts';
import type { Recovery } from '../../../model/recovery/recovery.ts';
import { STEP_WORDS } from '../../../model/recovery/words.ts';
import type { RunFacts } from '../../../model/run-facts.ts';
import { ChartFigure } from './chart-figure.ts';

/** Where the time to recover went: each step as a bar, and the same as a table with what came of it. */
export function RecoverySteps(props: { readonly facts: RunFacts; readonly recovery: Recovery }): JSX.Element {
  const { facts, recovery } = props;
  const { steps } = recovery;
  const title = 'Where the time to recover went';
  const description = steps
    .map(({ label, from, to }) => {
      const took = to === undefined ? 'never ended' : `took ${formatDuration_ms(to - from)}`;
      return `${label} began at ${formatOffset_ms(from - facts.origin)} and ${took}`;
    })
    .join('; ');
  return h(
    'section',
    { 'aria-labelledby': 'recovery-steps' },
    h('h2', { id: 'recovery-steps' }, title),
    steps.length === 0
      ? h('p', { class: 'empty' }, 'No data: no step of a recovery was recorded.')
      : h(ChartFigure, {
          id: 'waterfall',
          draw: (width, id) =>
            renderWaterfall(recovery, facts.origin, width, { id, title, description: `${description}.` }),
        }),
    steps.length === 0 ? null : h(Table, { facts, recovery }),
    steps.length === 0
      ? null
      : h(
          'p',
          { class: 'fine' },
          'The same steps as instructions for a person: ',
          h('a', { href: 'runbook.md' }, 'runbook.md'),
          '.',
        ),
  );
}

function Table({ facts, recovery }: { readonly facts: RunFacts; readonly recovery: Recovery }): JSX.Element {
  return h(
    'table',
    { class: 'steps cards' },
    h('caption', null, `Moments are counted from ${facts.origin_name}.`),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        h('th', { scope: 'col' }, 'Step'),
        h('th', { scope: 'col' }, 'What came of it'),
        ...['Began', 'Ended', 'Took'].map((name) => h('th', { scope: 'col', class: 'number' }, name)),
      ),
    ),
    h(
      'tbody',
      null,
      ...recovery.steps.map(({ label, from, to, state, notes }) =>
        h(
          'tr',
          { class: state === 'done' ? undefined : state === 'failed' ? 'fail' : 'inconclusive' },
          h('th', { scope: 'row' }, label),
          h('td', { class: 'said' }, ...said(state, notes)),
          h('td', { class: 'number', 'data-label': 'Began' }, formatOffset_ms(from - facts.origin)),
          h(
            'td',
            { class: 'number', 'data-label': 'Ended' },
            to === undefined ? NO_DATA : formatOffset_ms(to - facts.origin),
          ),
          h(
            'td',
            { class: 'number', 'data-label': 'Took' },
            to === undefined ? NO_DATA : formatDuration_ms(to - from),
          ),
        ),
      ),
    ),
  );
}

function said(state: Recovery['steps'][number]['state'], notes: readonly string[]): readonly JSX.Element[] {
  const last = notes.at(-1);
  return [
    ...(state === 'done' ? [] : [h('strong', null, `${STEP_WORDS[state]}${last === undefined ? '' : ': '}`)]),
    h('span', null, last ?? (state === 'done' ? STEP_WORDS.done : '')),
  ];
}
