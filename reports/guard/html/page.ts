import { h } from 'preact';
import { STANDING_WORDS } from '../../model/standing.ts';
import { pageOf } from '../../html/shell.ts';
import { explainGuard, type GuardReport, viewsOf } from '../model.ts';
import { GuardAbout } from './about.ts';
import { GuardBanner } from './banner.ts';
import { Checks } from './checks.ts';
import { Statements } from './statements.ts';
import { GUARD_STYLES } from './styles.ts';

/** A run of the guard as one self-contained page: no network, no script, light and dark, printable. */
export function renderGuardHtml(report: GuardReport): string {
  const views = viewsOf(report);
  const { outcome } = report.verdict;
  const [first] = views;
  const title = views.length === 1 && first !== undefined ? first.name : `${views.length} migrations`;
  return pageOf(
    `${STANDING_WORDS[outcome]}: ${title}`,
    h('style', { dangerouslySetInnerHTML: { __html: GUARD_STYLES } }),
    h(GuardBanner, { report, title, reason: explainGuard(report.verdict) }),
    ...views.flatMap((view, index) => [
      h(Statements, { view, id: `migration-${index}`, several: views.length > 1 }),
      h(Checks, { view, id: `migration-${index}` }),
    ]),
    h(GuardAbout, { report }),
  );
}
