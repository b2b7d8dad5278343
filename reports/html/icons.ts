import { h, type JSX } from 'preact';
import type { Outcome } from '#harness/core/verdict.ts';

const SHAPES: Readonly<Record<Outcome, readonly string[]>> = {
  // A circle with a tick, an octagon with a cross, a diamond with a question mark: told apart without colour.
  pass: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Z', 'm7.5 12.3 3 3 6-6.6'],
  fail: ['M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9Z', 'm8.5 8.5 7 7m0-7-7 7'],
  inconclusive: [
    'M12 1.2 22.8 12 12 22.8 1.2 12Z',
    'M9.6 9.7a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.7v.3m0 2.6v.1',
  ],
};

/** The word that goes with every sign of an outcome. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  pass: 'Pass',
  fail: 'Fail',
  inconclusive: 'Inconclusive',
};

/** The sign of an outcome; decorative, because the word always stands beside it. */
export function OutcomeIcon({
  outcome,
  size,
}: {
  readonly outcome: Outcome;
  readonly size: number;
}): JSX.Element {
  const [body, sign] = SHAPES[outcome];
  return h(
    'svg',
    {
      class: 'icon',
      width: size,
      height: size,
      viewBox: '0 0 24 24',
      'aria-hidden': 'true',
      focusable: 'false',
    },
    h('path', { d: body, class: 'icon-body' }),
    h('path', { d: sign, class: 'icon-sign' }),
  );
}

/** Sign and word together. */
export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  return h(
    'span',
    { class: `outcome ${outcome}` },
    h(OutcomeIcon, { outcome, size: 18 }),
    h('span', null, OUTCOME_WORDS[outcome]),
  );
}
