import { h, type JSX } from 'preact';
import type { Outcome } from '#harness/core/verdict.ts';
import { OutcomeIcon } from '../../html/icons.ts';
import { sentence } from '../../html/sections/banner.ts';
import { formatDuration_ms, formatInstant } from '../../model/format.ts';
import { STANDING_WORDS } from '../../model/standing.ts';
import { describeGround, type GuardReport } from '../model.ts';

const MEANING: Readonly<Record<Outcome, string>> = {
  pass: 'Nothing that was looked for was found.',
  fail: 'It does harm.',
  inconclusive: 'Nothing was proven either way: evidence is missing. This is not a pass.',
};

export function GuardBanner({
  report: { facts, verdict },
  title,
  reason,
}: {
  readonly report: GuardReport;
  readonly title: string;
  readonly reason: string;
}): JSX.Element {
  const { outcome, checks } = verdict;
  const counts = (['pass', 'fail', 'inconclusive'] as const)
    .map((one) => `${checks.filter((check) => check.outcome === one).length} ${one}`)
    .join(', ');
  return h(
    'header',
    null,
    h(
      'p',
      { class: 'eyebrow' },
      h('span', { class: 'brand' }, 'Mettle guard'),
      h('span', null, describeGround(facts)),
      h(
        'span',
        null,
        `${formatInstant(facts.started_at)}, took ${formatDuration_ms(facts.ended_at - facts.started_at)}`,
      ),
    ),
    h('h1', null, title),
    h(
      'div',
      { class: `verdict ${outcome}` },
      h(OutcomeIcon, { outcome, size: 72 }),
      h(
        'div',
        null,
        h('p', { class: 'verdict-word' }, STANDING_WORDS[outcome]),
        h('p', { class: 'verdict-meaning' }, MEANING[outcome]),
        h('p', { class: 'verdict-reason' }, sentence(reason)),
        h('p', { class: 'verdict-counts' }, `Of ${checks.length} checks: ${counts}.`),
      ),
    ),
  );
}
