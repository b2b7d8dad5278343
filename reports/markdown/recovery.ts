import { formatCount, formatDuration_ms, formatOffset_ms, NO_DATA } from '../model/format.ts';
import type { Recovery } from '../model/recovery/recovery.ts';
import {
  BACKUP_WORDS,
  driftSides,
  METHOD_WORDS,
  recoveryFigures,
  STEP_WORDS,
} from '../model/recovery/words.ts';
import { plain, table } from './text.ts';

/** Most lines of a list in a summary that people read on a CI server; the page has them all. */
const LISTED_MAX = 50;

/** A recovery in Markdown: its figures, its steps, and whatever is not as it was. */
export function recoveryLines(recovery: Recovery, origin: number): readonly string[] {
  return [
    ...table(
      ['what', 'value', 'note'],
      recoveryFigures(recovery).map(({ name, value, note }) => [name, value, note]),
    ),
    '',
    ...stepLines(recovery, origin),
    ...listLines('accepted orders are lost', lostOrders(recovery)),
    ...listLines(
      'orders are held although their customers were told that they failed',
      heldThoughRefused(recovery),
    ),
    ...driftLines(recovery),
    ...backupLines(recovery, origin),
  ];
}

function stepLines({ steps }: Recovery, origin: number): readonly string[] {
  if (steps.length === 0) return [`Steps: ${NO_DATA}.`, ''];
  const rows = steps.map(({ label, from, to, state, notes }) => [
    label,
    formatOffset_ms(from - origin),
    to === undefined ? STEP_WORDS[state] : formatDuration_ms(to - from),
    state === 'failed' ? `failed: ${notes.at(-1) ?? ''}` : (notes.at(-1) ?? ''),
  ]);
  return [...table(['step', 'began', 'took', 'what came of it'], rows), ''];
}

function lostOrders({ orders, lost }: Recovery): readonly string[] {
  return (orders?.held?.lost ?? []).map(({ id, at }) =>
    lost === undefined ? id : `${id} (${formatDuration_ms(lost.at - at)} before the loss)`,
  );
}

function heldThoughRefused({ orders }: Recovery): readonly string[] {
  return (orders?.held?.refused ?? []).map(({ id }) => id);
}

function listLines(what: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  const more = items.length > LISTED_MAX ? [`- and ${formatCount(items.length - LISTED_MAX)} more`] : [];
  return [
    `<details><summary>${formatCount(items.length)} ${what}</summary>`,
    '',
    ...items.slice(0, LISTED_MAX).map((item) => `- ${plain(item)}`),
    ...more,
    '',
    '</details>',
    '',
  ];
}

function driftLines({ drift }: Recovery): readonly string[] {
  if (drift === undefined || drift.drift.length === 0) return [];
  const rows = drift.drift.slice(0, LISTED_MAX).map((one) => {
    const { field, before, after } = driftSides(one);
    return [one.subject, field, before, after];
  });
  return [...table(['object', 'field', 'before', 'after'], rows), ''];
}

function backupLines({ backups }: Recovery, origin: number): readonly string[] {
  if (backups.length === 0) return [];
  const rows = backups.map(({ name, method, state, taken_at, notes }) => [
    name,
    METHOD_WORDS[method],
    formatOffset_ms(taken_at - origin),
    [BACKUP_WORDS[state], ...notes].join('; '),
  ]);
  return [...table(['backup', 'kind', 'taken', 'what was made of it'], rows), ''];
}
