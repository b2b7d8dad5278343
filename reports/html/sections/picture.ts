import { h, type JSX } from 'preact';
import { quantileMs } from '#harness/core/histogram.ts';
import { renderChart } from '../../charts/render.ts';
import { allowedShare_pct, measuredShare_pct } from '../../charts/points.ts';
import type { Answers, Bin } from '../../model/answers.ts';
import { formatCount, formatLatency_ms, formatOffset_ms, NO_DATA } from '../../model/format.ts';
import { failedOf, type Harm, latencyRows } from '../../model/harm.ts';
import type { Mark } from '../../model/marks.ts';
import type { RunFacts } from '../../model/run-facts.ts';

const WIDE_PX = 1080;
const NARROW_PX = 360;

/** The run on one time axis: once for wide pages and print, once for narrow ones; and the same as a table. */
export function Picture(props: {
  readonly facts: RunFacts;
  readonly answers: Answers;
  readonly marks: readonly Mark[];
  readonly harm: Harm | undefined;
}): JSX.Element {
  const { facts, answers, marks, harm } = props;
  const title = 'The run on one time axis';
  const description = describe(facts, harm, marks);
  const chart = (id: string, width: number): JSX.Element =>
    h('div', {
      class: `chart ${id}`,
      // The SVG is made by the chart library, which escapes every text in it.
      dangerouslySetInnerHTML: {
        __html: renderChart({ facts, answers, marks }, width, { id, title, description }),
      },
    });
  return h(
    'section',
    { 'aria-labelledby': 'picture' },
    h('h2', { id: 'picture' }, title),
    h(
      'p',
      { class: 'lead' },
      facts.destroyed_at === undefined
        ? 'Shaded: the time in which the new release was rolled out.'
        : 'Shaded: from the loss to the first good answer.',
      ' Numbers in circles stand for decisions, alerts and messages in the table below; red ones are warnings.',
      answers.bin_s > 1 ? ` Each point sums ${answers.bin_s} s.` : '',
    ),
    h('figure', null, chart('wide', WIDE_PX), chart('narrow', NARROW_PX)),
    h(Latency, { facts, answers }),
    h(Data, { facts, answers }),
  );
}

function describe(facts: RunFacts, harm: Harm | undefined, marks: readonly Mark[]): string {
  const weights = facts.weights.map(
    ({ at, canary_pct }) => `${canary_pct} % at ${formatOffset_ms(at - facts.origin)}`,
  );
  const load =
    harm === undefined
      ? 'No load was measured.'
      : facts.destroyed_at === undefined
        ? `${formatCount(harm.answers)} answers, ${formatCount(harm.bad_of_next)} of them bad ones of the new release.`
        : `${formatCount(harm.answers)} requests, of which ${formatCount(failedOf(harm))} failed.`;
  const declared =
    weights.length === 0
      ? 'No declared weight was observed.'
      : `Declared weight: ${weights.slice(0, 20).join(', ')}.`;
  if (facts.destroyed_at !== undefined && facts.weights.length === 0) {
    return `${load} ${marks.length} decisions, alerts and messages, listed in the table that follows.`;
  }
  return `${declared} ${load} ${marks.length} decisions, alerts and messages, listed in the table that follows.`;
}

function Latency({
  facts,
  answers,
}: {
  readonly facts: RunFacts;
  readonly answers: Answers;
}): JSX.Element | null {
  const { rows, both } = latencyRows(facts, answers);
  if (rows.length === 0) return null;
  const numbers = ['Answers', 'p50', 'p95', 'p99', 'Slowest'];
  return h(
    'table',
    { class: 'compact latency' },
    h(
      'caption',
      null,
      `Latency ${both ? 'of both releases while both answered' : 'over the whole run'}, exact to about 12 %`,
    ),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        h('th', { scope: 'col' }, 'Release'),
        ...numbers.map((name) => h('th', { scope: 'col', class: 'number' }, name)),
      ),
    ),
    h(
      'tbody',
      null,
      ...rows.map((row) =>
        h(
          'tr',
          null,
          h('th', { scope: 'row' }, row.release),
          ...[
            formatCount(row.answers),
            formatLatency_ms(row.p50_ms),
            formatLatency_ms(row.p95_ms),
            formatLatency_ms(row.p99_ms),
            row.answers === 0 ? NO_DATA : formatLatency_ms(row.max_ms),
          ].map((value) => h('td', { class: 'number' }, value)),
        ),
      ),
    ),
  );
}

/** The charts' numbers for those who cannot see them, or who want to copy them. */
function Data({
  facts,
  answers,
}: {
  readonly facts: RunFacts;
  readonly answers: Answers;
}): JSX.Element | null {
  if (answers.bins.length === 0) return null;
  const releases = [...new Set(answers.kinds.map((kind) => kind.release))].sort();
  const names = [
    'Time',
    'Measured share',
    'Allowed share',
    ...releases.map((release) => (release === 'none' ? 'No answer' : `Answers of ${release}`)),
    'Bad',
    ...releases.filter((release) => release !== 'none').map((release) => `p95 of ${release}`),
  ];
  const cells = (bin: Bin): readonly string[] => {
    const share = measuredShare_pct(facts, bin);
    const allowed = allowedShare_pct(facts, bin);
    return [
      share === undefined ? NO_DATA : `${share.toFixed(1)} %`,
      allowed === undefined ? NO_DATA : `${allowed[0].toFixed(1)}\u2013${allowed[1].toFixed(1)} %`,
      ...releases.map((release) => formatCount(bin.by_release.get(release) ?? 0)),
      formatCount(bin.bad),
      ...releases
        .filter((release) => release !== 'none')
        .map((release) => {
          const histogram = bin.latency.get(release);
          const p95 = histogram && quantileMs(histogram, 0.95);
          return p95 === undefined ? '\u2013' : formatLatency_ms(p95);
        }),
    ];
  };
  return h(
    'details',
    null,
    h('summary', null, 'The same as numbers'),
    h(
      'div',
      { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'The charts as numbers' },
      h(
        'table',
        { class: 'data' },
        h('caption', null, `Per ${answers.bin_s} s, from ${facts.origin_name}`),
        h(
          'thead',
          null,
          h('tr', null, ...names.map((name) => h('th', { scope: 'col', class: 'number' }, name))),
        ),
        h(
          'tbody',
          null,
          ...answers.bins.map((bin) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row', class: 'number' }, formatOffset_ms(bin.from - facts.origin)),
              ...cells(bin).map((value) => h('td', { class: 'number' }, value)),
            ),
          ),
        ),
      ),
    ),
  );
}
