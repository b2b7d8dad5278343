import { h, type JSX } from 'preact';
import { formatCount, formatDuration_ms, formatShare, NO_DATA } from '../../model/format.ts';
import { failedOf, type Harm } from '../../model/harm.ts';
import type { Milestone } from '../../model/milestones.ts';
import type { Recovery } from '../../model/recovery/recovery.ts';
import { recoveryFigures } from '../../model/recovery/words.ts';
import type { RunFacts } from '../../model/run-facts.ts';

interface Figure {
  readonly value: string;
  readonly name: string;
  readonly note: string;
}

/** Harm counted in requests, as a few big numbers; none where a scenario sends no load at all. */
export function Figures(props: {
  readonly facts: RunFacts;
  readonly harm: Harm | undefined;
  readonly milestones: readonly Milestone[];
  readonly recovery?: Recovery | undefined;
}): JSX.Element | null {
  const { facts, harm, recovery } = props;
  if (!facts.spec && harm === undefined && facts.expectation?.of === 'messages') return null;
  return h(
    'section',
    { 'aria-labelledby': 'harm' },
    h('h2', { id: 'harm' }, recovery ? 'How it went' : 'What users met'),
    h(
      'dl',
      { class: recovery ? 'figures three' : 'figures' },
      ...figuresFor(props).map((figure) =>
        h(
          'div',
          { class: 'figure' },
          h('dt', null, figure.name),
          h('dd', { class: figure.value === NO_DATA ? 'big missing' : 'big' }, figure.value),
          h('dd', { class: 'fine' }, figure.note),
        ),
      ),
    ),
  );
}

function figuresFor(props: Parameters<typeof Figures>[0]): readonly Figure[] {
  const { facts, harm, recovery } = props;
  if (facts.spec) return figuresOf(props);
  const plain = plainFigures(facts, harm);
  // What failed while nothing was there to answer is the outage; shares and releases say nothing more.
  return recovery ? [...recoveryFigures(recovery), ...plain.slice(0, 1)] : plain;
}

function figuresOf({
  facts,
  harm,
  milestones,
}: {
  readonly facts: RunFacts;
  readonly harm: Harm | undefined;
  readonly milestones: readonly Milestone[];
}): readonly Figure[] {
  const next = facts.next_release ?? 'the new release';
  const promotion = facts.spec?.expected === 'promotion';
  const end = milestones.find((step) => step.id === (promotion ? 'promoted' : 'withdrawn'));
  const since_shipped = (at: number | undefined): number | undefined =>
    at === undefined || facts.shipped_at === undefined ? undefined : at - facts.shipped_at;
  const other = harm === undefined ? undefined : harm.bad_of_others + harm.no_answer;
  return [
    {
      name: `Bad answers of ${next}`,
      value: formatCount(harm?.bad_of_next),
      note:
        harm === undefined
          ? 'no load was measured'
          : `of ${formatCount(harm.answers_of_next)} that ${next} gave (${formatShare(harm.bad_of_next, harm.answers_of_next)})`,
    },
    {
      name: 'Share of all requests',
      value: formatShare(harm?.bad_of_next, harm?.answers),
      note: harm === undefined ? 'no load was measured' : `of ${formatCount(harm.answers)} in the whole run`,
    },
    exposureFigure(next, harm, end?.absent !== undefined),
    {
      name: promotion ? 'Time to promote' : 'Time to roll back',
      value: end?.absent?.startsWith('never') ? 'never' : formatDuration_ms(since_shipped(end?.at)),
      note:
        end?.absent?.replace(/^[^:]+: /, '') ??
        (promotion ? 'from shipping to promoted' : 'from shipping to the last bad answer'),
    },
    {
      name: 'Lost otherwise',
      value: formatCount(other),
      note:
        harm === undefined
          ? 'no load was measured'
          : `${formatCount(harm.bad_of_others)} bad by other releases, ${formatCount(harm.no_answer)} without an answer`,
    },
  ];
}

/** What users met where nothing is rolled out: how many requests failed, whichever release answered. */
function plainFigures(facts: RunFacts, harm: Harm | undefined): readonly Figure[] {
  const missing = 'no load was measured';
  const releases = [
    ...new Set(
      facts.timeline.of('load', 'second').flatMap(({ data }) => data.series.map(({ release }) => release)),
    ),
  ].filter((release) => release !== 'none');
  return [
    {
      name: 'Failed requests',
      value: formatCount(harm && failedOf(harm)),
      note: harm ? `${formatCount(harm.no_answer)} of them without an answer` : missing,
    },
    {
      name: 'Share of all requests',
      value: formatShare(harm && failedOf(harm), harm?.answers),
      note: harm ? `of ${formatCount(harm.answers)} in the whole run` : missing,
    },
    {
      name: 'Releases that answered',
      value: releases.length === 0 ? NO_DATA : String(releases.length),
      note: releases.length === 0 ? missing : releases.sort().join(', '),
    },
  ];
}

/** Exposure that was still going on when the record ended is a lower bound, and is shown as one. */
function exposureFigure(next: string, harm: Harm | undefined, open: boolean): Figure {
  const name = 'Users were exposed for';
  if (harm === undefined) return { name, value: NO_DATA, note: 'no load was measured' };
  if (harm.first_bad_at === undefined || harm.last_bad_at === undefined) {
    return { name, value: '0 s', note: `${next} gave no bad answer` };
  }
  const value = formatDuration_ms(harm.last_bad_at - harm.first_bad_at);
  return { name, value: open ? `\u2265 ${value}` : value, note: 'first to last bad answer' };
}
