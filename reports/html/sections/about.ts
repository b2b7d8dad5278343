import { h, type ComponentChildren, type JSX } from 'preact';
import type { RolloutSpec } from '#harness/core/rollout-spec.ts';
import type { Expectation } from '#harness/core/expectation.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import {
  formatDuration_ms,
  formatInstant,
  formatOffset_ms,
  NO_DATA,
  repeatCommand,
} from '../../model/format.ts';
import type { RunFacts } from '../../model/run-facts.ts';

/** What a reader needs to trust the run and to repeat it: phases, notes, versions, specification, command. */
export function About({ facts, meta }: { readonly facts: RunFacts; readonly meta: RunMeta }): JSX.Element {
  const versions = Object.entries(facts.versions);
  return h(
    'section',
    { 'aria-labelledby': 'about' },
    h('h2', { id: 'about' }, 'About this run'),
    h(
      'div',
      { class: 'columns' },
      h('div', null, h(Phases, { facts }), h(Notes, { facts })),
      h('div', null, pairs('Specification', specification(facts)), pairs('Versions', versions)),
    ),
    h('h3', null, 'Repeat it'),
    h('pre', { class: 'command' }, h('code', null, repeatCommand(meta.scenario, facts.file, facts.seed))),
    h(
      'p',
      { class: 'fine' },
      `Run ${meta.run_id}, started ${formatInstant(meta.started_at)}. Every figure on this page comes from timeline.jsonl beside it.`,
    ),
  );
}

function Phases({ facts }: { readonly facts: RunFacts }): JSX.Element {
  return h(
    'table',
    { class: 'compact' },
    h('caption', null, 'Phases'),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        h('th', { scope: 'col' }, 'Phase'),
        h('th', { scope: 'col', class: 'number' }, 'Began'),
        h('th', { scope: 'col', class: 'number' }, 'Took'),
        h('th', { scope: 'col' }, 'Ended'),
      ),
    ),
    h(
      'tbody',
      null,
      ...(facts.phases.length === 0
        ? [h('tr', null, h('td', { colSpan: 4, class: 'missing' }, NO_DATA))]
        : []),
      ...facts.phases.map((phase) =>
        h(
          'tr',
          null,
          h(
            'th',
            { scope: 'row' },
            phase.label,
            phase.note ? h('span', { class: 'fine' }, phase.note) : null,
          ),
          h('td', { class: 'number' }, formatOffset_ms(phase.from - facts.origin)),
          h(
            'td',
            { class: 'number' },
            phase.to === undefined ? NO_DATA : formatDuration_ms(phase.to - phase.from),
          ),
          h('td', null, phase.state === 'running' ? 'never' : phase.state),
        ),
      ),
    ),
  );
}

function Notes({ facts }: { readonly facts: RunFacts }): JSX.Element | null {
  const { timeline } = facts;
  const notes = [
    ...timeline
      .of('harness', 'steady_state')
      .map(
        ({ data }) =>
          `Steady state ${data.moment} the act ${data.held ? 'held' : 'did not hold'}: ${data.reason}`,
      ),
    ...timeline
      .of('harness', 'observer')
      .filter(({ data }) => data.state === 'lost')
      .map(
        ({ subject, data }) =>
          `The observer of ${subject} lost its source: ${data.note ?? 'no reason given'}`,
      ),
    ...timeline.of('load', 'ended').map(({ data }) => {
      const how = data.signal === null ? `exit code ${data.exit_code ?? 'unknown'}` : `signal ${data.signal}`;
      return `The load ended with ${how}${data.asked ? '' : ', which nobody had asked for'}`;
    }),
    ...timeline.of('harness', 'note').map(({ data }) => data.text),
  ];
  if (notes.length === 0) return null;
  return h(
    'div',
    null,
    h('h3', null, 'Notes'),
    h('ul', { class: 'notes' }, ...notes.slice(0, 30).map((note) => h('li', null, note))),
  );
}

function specification({ spec, expectation }: RunFacts): readonly (readonly [string, string])[] {
  if (!spec) return expectation ? declared(expectation) : [];
  return [
    [
      'Rollout',
      `${spec.stable_release} to ${spec.next_release} by ${spec.controller}, expected: ${spec.expected}`,
    ],
    ...analysis(spec),
    [
      'Check',
      `${spec.check.name} at most ${spec.check.max_pct} %, scraped every ${spec.scrape_interval_s} s`,
    ],
    ['Bad answers', `${spec.bad_answers_pct} % of what ${spec.next_release} answers, by construction`],
    ['Load', `${spec.load.rate_per_s} requests a second (${spec.load.profile})`],
    [
      'Alert',
      `${spec.alert.name}: over ${spec.alert.threshold_pct} % in ${spec.alert.window_s} s, for ${spec.alert.for_s} s`,
    ],
  ];
}

/** `for_s: 60` reads `for: 60 s`. */
function declared(expectation: Expectation): readonly (readonly [string, string])[] {
  return Object.entries(expectation).flatMap(([key, value]): (readonly [string, string])[] => {
    const [, name = key, unit] = /^(.+?)(?:_(s|pct|pp))?$/.exec(key) ?? [];
    const label = name.replaceAll('_', ' ');
    const shown = unit === 'pct' ? ' %' : unit === undefined ? '' : ` ${unit}`;
    if (key === 'of') return [];
    if (Array.isArray(value)) {
      const words = value.every((one) => typeof one !== 'object');
      return [
        [label, words ? value.map((one) => `${String(one)}${shown}`).join(', ') : String(value.length)],
      ];
    }
    return typeof value === 'object' ? [] : [[label, `${String(value)}${shown}`]];
  });
}

function analysis(spec: RolloutSpec): readonly (readonly [string, string])[] {
  if (spec.controller === 'flagger') {
    return [
      [
        'Analysis',
        `every ${spec.interval_s} s, threshold ${spec.threshold}, weight by ${spec.step_weight_pct} % up to ${spec.max_weight_pct} %`,
      ],
    ];
  }
  const steps = spec.steps.map(({ weight_pct, pause_s }) => `${weight_pct} % for ${pause_s} s`);
  return [
    ['Strategy', spec.strategy === 'canary' ? `canary: ${steps.join(', ')}` : 'blue/green'],
    [
      'Analysis',
      `first after ${spec.initial_delay_s} s, then every ${spec.interval_s} s over the last ${spec.window_s} s, failure limit ${spec.failure_limit}`,
    ],
    [
      'Scale-down',
      `${spec.scale_down_delay_s} s after a promotion, ${spec.abort_scale_down_delay_s} s after an abort`,
    ],
  ];
}

function pairs(caption: string, rows: readonly (readonly [string, ComponentChildren])[]): JSX.Element {
  return h(
    'table',
    { class: 'compact' },
    h('caption', null, caption),
    h(
      'tbody',
      null,
      ...(rows.length === 0 ? [h('tr', null, h('td', { class: 'missing' }, NO_DATA))] : []),
      ...rows.map(([name, value]) => h('tr', null, h('th', { scope: 'row' }, name), h('td', null, value))),
    ),
  );
}
