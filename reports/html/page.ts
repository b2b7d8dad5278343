import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Timeline } from '#harness/core/timeline.ts';
import type { Verdict } from '#harness/core/verdict.ts';
import type { RunMeta } from '#harness/core/run-meta.ts';
import { answersOf } from '../model/answers.ts';
import { harmOf } from '../model/harm.ts';
import { marksOf } from '../model/marks.ts';
import { timeSplitOf } from '../model/split.ts';
import { factsOf } from '../model/run-facts.ts';
import { OUTCOME_WORDS } from './icons.ts';
import { About } from './sections/about.ts';
import { Banner } from './sections/banner.ts';
import { Decisions } from './sections/decisions.ts';
import { Figures } from './sections/figures.ts';
import { Milestones } from './sections/milestones.ts';
import { Picture } from './sections/picture.ts';
import { Rules } from './sections/rules.ts';
import { STYLES } from './styles.ts';

/** Nothing may be loaded and no script may run: the page is only what stands in it, even with hostile text. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * The run as one self-contained page: no network, no script, light and dark, printable.
 * Pure; whatever the timeline lacks is shown as "no data".
 */
export function renderHtml(timeline: Timeline, verdict: Verdict, meta: RunMeta): string {
  const facts = factsOf(timeline);
  const answers = answersOf(facts);
  const harm = harmOf(facts, answers);
  const split = timeSplitOf(facts, harm);
  const { marks, left_off } = marksOf(facts);
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('link', { rel: 'icon', href: 'data:,' }),
      h('title', null, `${OUTCOME_WORDS[verdict.outcome]}: ${meta.scenario}`),
      h('style', { dangerouslySetInnerHTML: { __html: STYLES } }),
    ),
    h(
      'body',
      null,
      h(
        'main',
        null,
        h(Banner, { verdict, meta }),
        h(Figures, { facts, harm, milestones: split.steps }),
        h(Rules, { verdict }),
        split.steps.length === 0 ? null : h(Milestones, { facts, split }),
        h(Picture, { facts, answers, marks, harm }),
        h(Decisions, { facts, marks, left_off }),
        h(About, { facts, meta }),
      ),
    ),
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
}
