import { h, type JSX } from 'preact';
import { formatDuration_ms, formatOffset_ms, NO_DATA } from '../../model/format.ts';
import type { Milestone } from '../../model/milestones.ts';
import type { RunFacts } from '../../model/run-facts.ts';
import type { TimeSplit } from '../../model/split.ts';

/** Where the time of the run went, as a waterfall in a table. */
export function Milestones(props: { readonly facts: RunFacts; readonly split: TimeSplit }): JSX.Element {
  const { facts, split } = props;
  const milestones = split.steps;
  const known = milestones.flatMap(({ at }) => (at === undefined ? [] : [at]));
  const from = known.reduce((left, right) => Math.min(left, right), facts.origin);
  const to = known.reduce((left, right) => Math.max(left, right), from + 1);
  const scale = { from, span: to - from };
  return h(
    'section',
    { 'aria-labelledby': 'split' },
    h('h2', { id: 'split' }, split.title),
    h(
      'table',
      { class: 'waterfall' },
      h(
        'caption',
        null,
        `Moments are counted from ${facts.origin_name}; each bar starts where the step before ended.`,
      ),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Step'),
          h('th', { scope: 'col', class: 'number' }, 'Moment'),
          h('th', { scope: 'col', class: 'number' }, 'Took'),
          h('th', { scope: 'col', class: 'bar-cell' }, h('span', { class: 'hidden' }, 'Drawn to scale')),
        ),
      ),
      h('tbody', null, ...milestones.map((step) => h(Step, { step, milestones, facts, scale }))),
    ),
  );
}

function Step(props: {
  readonly step: Milestone;
  readonly milestones: readonly Milestone[];
  readonly facts: RunFacts;
  readonly scale: { readonly from: number; readonly span: number };
}): JSX.Element {
  const { step, milestones, facts, scale } = props;
  const before = startOf(step, milestones);
  const took = step.at === undefined || before?.at === undefined ? undefined : step.at - before.at;
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, step.label, h('span', { class: 'fine' }, step.source)),
    step.at === undefined
      ? h('td', { class: 'missing', colSpan: 3 }, step.absent ?? NO_DATA)
      : h('td', { class: 'number' }, formatOffset_ms(step.at - facts.origin)),
    step.at === undefined ? null : h('td', { class: 'number' }, before ? formatDuration_ms(took) : ''),
    step.at === undefined ? null : h('td', { class: 'bar-cell' }, bar(before?.at ?? step.at, step.at, scale)),
  );
}

/** The nearest known step that this one waited for: an unknown step between must not hide the known time. */
function startOf(step: Milestone, milestones: readonly Milestone[]): Milestone | undefined {
  let id = step.after;
  while (id !== undefined) {
    const before = milestones.find((one) => one.id === id);
    if (before?.at !== undefined) return before;
    id = before?.after;
  }
  return undefined;
}

function bar(from: number, to: number, scale: { readonly from: number; readonly span: number }): JSX.Element {
  const place = (at: number): number => ((at - scale.from) / scale.span) * 100;
  const left = Math.min(place(from), place(to));
  const width = Math.abs(place(to) - place(from));
  return h(
    'span',
    { class: 'track', 'aria-hidden': 'true' },
    h('span', {
      class: width < 0.4 ? 'bar instant' : 'bar',
      style: `left:${Math.min(left, 99.2).toFixed(2)}%;width:${Math.max(width, 0.8).toFixed(2)}%`,
    }),
  );
}
