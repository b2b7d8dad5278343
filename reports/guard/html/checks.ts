import { h, type JSX } from 'preact';
import type { CheckVerdict } from '#harness/judge/guard/verdict.ts';
import { OutcomeBadge } from '../../html/icons.ts';
import { Items } from '../../html/items.ts';
import { sentence } from '../../html/sections/banner.ts';
import { typeset } from '../../html/typeset.ts';
import type { MigrationView } from '../model.ts';

const HEAD = ['Outcome', 'Check', 'Limit', 'Measured'] as const;

/** Every check of a migration with its limit, measured value and reason; the worst first. */
export function Checks({ view, id }: { readonly view: MigrationView; readonly id: string }): JSX.Element {
  return h(
    'section',
    { 'aria-labelledby': `${id}-checks` },
    h('h2', { id: `${id}-checks` }, 'What was checked'),
    h(
      'table',
      { class: 'rules cards' },
      h('caption', null, 'The worst comes first. A check without evidence is inconclusive, never a pass.'),
      h('thead', null, h('tr', null, ...HEAD.map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', null, ...view.checks.map((check) => h(Row, { check }))),
    ),
  );
}

function Row({ check }: { readonly check: CheckVerdict }): JSX.Element {
  const { check: id, outcome, severity, reason, limit, measured, derivation, accepted } = check;
  return h(
    'tr',
    { class: accepted === undefined ? outcome : 'pass' },
    h(
      'td',
      { 'data-label': 'Outcome' },
      h(OutcomeBadge, { outcome }),
      severity === 'none' ? null : h('span', { class: 'fine' }, severity),
    ),
    h(
      'th',
      { scope: 'row', 'data-label': 'Check' },
      h('span', { class: 'promise' }, id),
      h('span', { class: 'reason' }, typeset(sentence(reason))),
      accepted === undefined ? null : h('span', { class: 'accepted' }, `Accepted: ${sentence(accepted)}`),
      h(Items, { of: check.check, items: check.items ?? [] }),
      h(Safer, { check }),
    ),
    h(
      'td',
      { 'data-label': 'Limit' },
      h('span', { class: 'value' }, typeset(limit)),
      derivation === undefined ? null : h('span', { class: 'fine' }, typeset(derivation)),
    ),
    h(
      'td',
      { 'data-label': 'Measured' },
      h('span', { class: measured === undefined ? 'value missing' : 'value' }, typeset(measured ?? '\u2013')),
    ),
  );
}

function Safer({ check: { safer, outcome } }: { readonly check: CheckVerdict }): JSX.Element | null {
  if (safer === undefined || outcome !== 'fail') return null;
  return h(
    'div',
    { class: 'safer' },
    h('span', { class: 'reason' }, `Safer: ${sentence(safer.text)}`),
    safer.sql === '' ? null : h('pre', { class: 'sql' }, h('code', null, safer.sql)),
  );
}
