import { h, type JSX } from 'preact';
import type { RuleVerdict, Verdict } from '#harness/core/verdict.ts';
import { measuredOf, worstFirst } from '../../model/format.ts';
import { OutcomeBadge } from '../icons.ts';
import { sentence } from './banner.ts';

/** Every rule with its promise, limit, measured value, outcome and reason; the worst first. */
export function Rules({ verdict }: { readonly verdict: Verdict }): JSX.Element {
  return h(
    'section',
    { 'aria-labelledby': 'rules' },
    h('h2', { id: 'rules' }, 'What was promised, and what was measured'),
    verdict.rules.length === 0
      ? h('p', { class: 'empty' }, 'No rule was applied.')
      : h(
          'table',
          { class: 'rules cards' },
          h('caption', null, 'Limits are computed from what the scenario declared before anything happened.'),
          h(
            'thead',
            null,
            h(
              'tr',
              null,
              ...['Outcome', 'Promise', 'Limit', 'Measured'].map((name) => h('th', { scope: 'col' }, name)),
            ),
          ),
          h('tbody', null, ...worstFirst(verdict.rules).map((rule) => h(Rule, { rule }))),
        ),
  );
}

function Rule({ rule }: { readonly rule: RuleVerdict }): JSX.Element {
  return h(
    'tr',
    { class: rule.outcome, id: `rule-${rule.rule}` },
    h('td', { 'data-label': 'Outcome' }, h(OutcomeBadge, { outcome: rule.outcome })),
    h(
      'th',
      { scope: 'row', 'data-label': 'Promise' },
      h('span', { class: 'promise' }, typeset(sentence(rule.promise))),
      h('span', { class: 'reason' }, typeset(sentence(rule.reason))),
      h('span', { class: 'fine' }, h('code', null, rule.rule), evidence(rule.evidence)),
    ),
    h(
      'td',
      { 'data-label': 'Limit' },
      h('span', { class: 'value' }, typeset(rule.limit)),
      rule.derivation === undefined ? null : h('span', { class: 'fine' }, typeset(rule.derivation)),
    ),
    h(
      'td',
      { 'data-label': 'Measured' },
      h(
        'span',
        { class: rule.measured === undefined ? 'value missing' : 'value' },
        typeset(measuredOf(rule)),
      ),
    ),
  );
}

/** Rules write their limits in plain ASCII, for terminals and files; a page can show the proper signs. */
function typeset(text: string): string {
  return text
    .replaceAll('<=', '\u2264')
    .replaceAll('>=', '\u2265')
    .replaceAll('+-', '\u00b1')
    .replaceAll(/(?<=[\w)%]) x (?=[\w(])/g, ' \u00d7 ');
}

function evidence(given: readonly number[]): string {
  const seqs = [...new Set(given)];
  if (seqs.length === 0) return ' (no record names it)';
  const shown = seqs.slice(0, 6).join(', ');
  const more = seqs.length > 6 ? ` and ${seqs.length - 6} more` : '';
  return ` (record${seqs.length === 1 ? '' : 's'} ${shown}${more})`;
}
