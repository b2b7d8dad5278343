import { h, type JSX } from 'preact';
import type { Standing } from '#harness/core/verdict.ts';
import { STANDING_WORDS } from '../model/standing.ts';

const SHAPES: Readonly<Record<Standing, readonly string[]>> = {
  // A circle with a tick, an octagon with a cross, a diamond with a question mark: told apart without colour.
  pass: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Z', 'm7.5 12.3 3 3 6-6.6'],
  fail: ['M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9Z', 'm8.5 8.5 7 7m0-7-7 7'],
  inconclusive: [
    'M12 1.2 22.8 12 12 22.8 1.2 12Z',
    'M9.6 9.7a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.7v.3m0 2.6v.1',
  ],
  // A triangle with an exclamation mark, and a square with a star: expected trouble, and unexpected good.
  'known-break': ['M12 1.8 23 21.5H1Z', 'M12 9v5.6m0 3v.1'],
  news: ['M2.5 2.5h19v19h-19Z', 'M12 6v12M6.8 9l10.4 6m0-6L6.8 15'],
};

/** What a standing looks like: expected trouble and unexpected good are both to be read, neither is to be mended. */
export const TONES: Readonly<Record<Standing, 'pass' | 'fail' | 'inconclusive'>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'inconclusive',
  'known-break': 'inconclusive',
  news: 'fail',
};

/** The sign of an outcome; decorative, because the word always stands beside it. */
export function OutcomeIcon({
  outcome,
  size,
}: {
  readonly outcome: Standing;
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
export function OutcomeBadge({ outcome }: { readonly outcome: Standing }): JSX.Element {
  return h(
    'span',
    { class: `outcome ${TONES[outcome]}` },
    h(OutcomeIcon, { outcome, size: 18 }),
    h('span', null, STANDING_WORDS[outcome]),
  );
}
