import { h, type JSX } from 'preact';
import { OutcomeBadge } from '../../html/icons.ts';
import { typeset } from '../../html/typeset.ts';
import type { Effect, MigrationView, StatementView } from '../model.ts';

/** What each statement of a migration does to readers, writers, rows and the disk, and what the releases met. */
export function Statements({
  view,
  id,
  several,
}: {
  readonly view: MigrationView;
  readonly id: string;
  readonly several: boolean;
}): JSX.Element {
  const { name, outcome, statements, releases } = view;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, several ? `${name}: what it does` : 'What each statement does'),
    several ? h('p', null, h(OutcomeBadge, { outcome })) : null,
    statements.length === 0 ? h('p', { class: 'empty' }, 'It has no statement.') : null,
    ...statements.map((statement) => h(Statement, { statement })),
    releases.length === 0
      ? null
      : h(
          'div',
          { class: 'statement' },
          h('h3', null, 'What the releases met'),
          h(Effects, { effects: releases }),
        ),
  );
}

function Statement({ statement }: { readonly statement: StatementView }): JSX.Element {
  const { place, text, effects, lint } = statement;
  const opinions = lint.map(
    ({ finding, stance, sentence }): Effect => ({
      name: 'linter',
      text: `${finding.rule}: ${stance}; ${sentence}`,
      outcome: 'pass',
    }),
  );
  return h(
    'div',
    { class: 'statement' },
    h('p', { class: 'place' }, place),
    h('pre', { class: 'sql' }, h('code', null, text)),
    h(Effects, { effects: [...effects, ...opinions] }),
  );
}

function Effects({ effects }: { readonly effects: readonly Effect[] }): JSX.Element {
  return h(
    'dl',
    { class: 'effects' },
    ...effects.flatMap(({ name, text, outcome }) => [
      h('dt', null, name),
      h('dd', outcome === 'pass' ? {} : { class: outcome }, typeset(text)),
    ]),
  );
}
