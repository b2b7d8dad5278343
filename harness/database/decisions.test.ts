import { expect, test } from 'vitest';
import { backupRecord, parseDecisions } from './decisions.ts';

const line = (backup: string, state: string, note = 'a \\"quoted\\" note'): string =>
  `{"at":"2026-11-21T14:32:55.821Z","backup":"${backup}","method":"wal","state":"${state}","taken_at":"2026-11-21T14:32:46.136Z","note":"${note}"}`;

test('decisions are found among the other lines of a log, with a time in front or not', () => {
  const log = [
    'LOG:  starting archive recovery',
    `2026-11-21T14:32:56.1Z ${line('one', 'refused')}`,
    line('two', 'restored'),
    '{"at":"2026-11-21T14:32:55.821Z","backup":"cut',
    '{"at":"not a time","backup":"x"}',
  ].join('\n');
  expect(parseDecisions(log)).toStrictEqual([
    {
      at: Date.parse('2026-11-21T14:32:55.821Z'),
      backup: 'one',
      method: 'wal',
      state: 'refused',
      taken_at: Date.parse('2026-11-21T14:32:46.136Z'),
      note: 'a "quoted" note',
    },
    expect.objectContaining({ backup: 'two', state: 'restored' }),
  ]);
});

test('what a killed restore decided and the next one decided again counts once, as it was decided last', () => {
  const text = [
    line('two', 'refused', 'first'),
    line('one', 'restored'),
    line('two', 'refused', 'again'),
  ].join('\n');
  expect(parseDecisions(text).map(({ backup, note }) => [backup, note])).toStrictEqual([
    ['one', 'a "quoted" note'],
    ['two', 'again'],
  ]);
});

test('a backup that was passed over is no record of a recovery', () => {
  const [passed, refused] = parseDecisions(`${line('one', 'passed over')}\n${line('two', 'refused')}`);
  if (passed === undefined || refused === undefined) throw new Error('two were given');
  expect(backupRecord(passed)).toBeUndefined();
  expect(backupRecord(refused)).toStrictEqual({
    subject: 'two',
    data: {
      method: 'wal',
      state: 'refused',
      taken_at: Date.parse('2026-11-21T14:32:46.136Z'),
      note: 'a "quoted" note',
    },
  });
});
