import { h, type JSX } from 'preact';
import { type RuleVerdict, standingOf, type Verdict } from '#harness/core/verdict.ts';
import { measuredOf, worstFirst } from '../../model/format.ts';
import { OutcomeBadge, TONES } from '../icons.ts';
import { Items } from '../items.ts';
import { typeset } from '../typeset.ts';
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
          h('tbody', null, ...worstFirst(verdict).map((rule) => h(Rule, { rule, verdict }))),
        ),
  );
}

function Rule({ rule, verdict }: { readonly rule: RuleVerdict; readonly verdict: Verdict }): JSX.Element {
  const standing = standingOf(verdict, rule);
  return h(
    'tr',
    { class: TONES[standing], id: `rule-${rule.rule}` },
    h('td', { 'data-label': 'Outcome' }, h(OutcomeBadge, { outcome: standing })),
    h(
      'th',
      { scope: 'row', 'data-label': 'Promise' },
      h('span', { class: 'promise' }, typeset(sentence(rule.promise))),
      h('span', { class: 'reason' }, typeset(sentence(rule.reason))),
      ...besides(verdict, rule).map((text) => h('span', { class: 'reason' }, sentence(text))),
      h('span', { class: 'fine' }, h('code', null, rule.rule), evidence(rule.evidence)),
      h(Items, { of: rule.rule, items: rule.items ?? [] }),
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

/** The thread of a break that was expected, and what else the reader must know. */
function besides(verdict: Verdict, rule: RuleVerdict): readonly string[] {
  const known =
    verdict.known_break?.contract === rule.rule ? [`Known from ${verdict.known_break.thread}`] : [];
  return [...known, ...(rule.remark === undefined ? [] : [rule.remark])];
}

function evidence(given: readonly number[]): string {
  const seqs = [...new Set(given)];
  if (seqs.length === 0) return ' (no record names it)';
  const shown = seqs.slice(0, 6).join(', ');
  const more = seqs.length > 6 ? ` and ${seqs.length - 6} more` : '';
  return ` (record${seqs.length === 1 ? '' : 's'} ${shown}${more})`;
}
