import { h, type JSX } from 'preact';
import { formatInstant, formatOffset_ms } from '../../../model/format.ts';
import type { Backup } from '../../../model/recovery/backups.ts';
import { BACKUP_WORDS, METHOD_WORDS } from '../../../model/recovery/words.ts';
import type { RunFacts } from '../../../model/run-facts.ts';

const TONES: Readonly<Record<Backup['state'], string | undefined>> = {
  taken: undefined,
  restored: 'pass',
  refused: 'fail',
};

/** Every backup that there was: which was restored, and which was refused and why. */
export function Backups(props: {
  readonly facts: RunFacts;
  readonly backups: readonly Backup[];
}): JSX.Element {
  const { facts, backups } = props;
  return h(
    'section',
    { 'aria-labelledby': 'backups' },
    h('h2', { id: 'backups' }, 'Backups'),
    backups.length === 0
      ? h('p', { class: 'empty' }, 'No data: no backup was seen.')
      : h(
          'table',
          { class: 'steps cards' },
          h('caption', null, `In the order in which they were taken, from ${facts.origin_name}.`),
          h(
            'thead',
            null,
            h(
              'tr',
              null,
              ...['Backup', 'What was made of it', 'Kind'].map((name) => h('th', { scope: 'col' }, name)),
              h('th', { scope: 'col', class: 'number' }, 'Taken'),
            ),
          ),
          h(
            'tbody',
            null,
            ...backups.map(({ name, method, state, taken_at, notes }) =>
              h(
                'tr',
                { class: TONES[state] },
                h('th', { scope: 'row' }, h('code', null, name)),
                h(
                  'td',
                  { class: 'said' },
                  h('strong', null, BACKUP_WORDS[state]),
                  ...(notes.length === 0 ? [] : [`: ${notes.join('; ')}`]),
                ),
                h('td', { 'data-label': 'Kind' }, METHOD_WORDS[method]),
                h(
                  'td',
                  { class: 'number', 'data-label': 'Taken', title: formatInstant(taken_at) },
                  formatOffset_ms(taken_at - facts.origin),
                ),
              ),
            ),
          ),
        ),
  );
}
