import { h, type JSX } from 'preact';
import { type Standing, standingOfRun, type Verdict } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import { explain, formatDuration_ms, formatInstant } from '../../model/format.ts';
import { STANDING_WORDS } from '../../model/standing.ts';
import { OutcomeIcon, TONES } from '../icons.ts';

const MEANING: Readonly<Record<Standing, string>> = {
  pass: 'The promise was kept, and the records prove it.',
  fail: 'The promise was broken.',
  inconclusive: 'Nothing was proven either way: evidence is missing. This is not a pass.',
  'known-break': 'The contract is broken, as is known of this version.',
  news: 'The contract holds, although it was known to be broken.',
};

/** The head of the page: the promise as a sentence, and the verdict in big letters. */
export function Banner({
  verdict,
  meta,
}: {
  readonly verdict: Verdict;
  readonly meta: RunMeta;
}): JSX.Element {
  const counts = (['pass', 'fail', 'inconclusive'] as const)
    .map((outcome) => ({ outcome, count: verdict.rules.filter((rule) => rule.outcome === outcome).length }))
    .filter(({ count }) => count > 0)
    .map(({ outcome, count }) => `${count} ${outcome}`);
  const standing = standingOfRun(verdict);
  const reason = explain(verdict);
  return h(
    'header',
    null,
    h(
      'p',
      { class: 'eyebrow' },
      h('span', { class: 'brand' }, 'Mettle'),
      h('code', null, meta.scenario),
      h(
        'span',
        null,
        `${formatInstant(meta.started_at)}, took ${formatDuration_ms(meta.ended_at - meta.started_at)}`,
      ),
    ),
    h('h1', null, sentence(meta.title)),
    h(
      'div',
      { class: `verdict ${TONES[standing]}` },
      h(OutcomeIcon, { outcome: standing, size: 72 }),
      h(
        'div',
        null,
        h('p', { class: 'verdict-word' }, STANDING_WORDS[standing]),
        h('p', { class: 'verdict-meaning' }, MEANING[standing]),
        h('p', { class: 'verdict-reason' }, sentence(reason)),
        verdict.outcome !== 'pass' && counts.length > 0
          ? h('p', { class: 'verdict-counts' }, `Of ${verdict.rules.length} rules: ${counts.join(', ')}.`)
          : null,
      ),
    ),
  );
}

/** The text as a sentence: with a full stop, and with a capital where it begins with a plain word. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const plain = /^[a-z]+[ ,.]/.test(trimmed);
  const begun = plain ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
