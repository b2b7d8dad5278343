import { expect, test } from 'vitest';
import { syntheticService } from './testing/synthetic-service.ts';
import { syntheticRun } from './testing/synthetic-run.ts';
import { formatRecord, parseTimeline } from './timeline-text.ts';

const records = syntheticRun({ outcome: 'rollback' });
const text = records.map(formatRecord).join('');

test('what was written is read back', () => {
  expect(parseTimeline(text, 'timeline.jsonl').records).toEqual(records);
});

test('what was found in a database is read back', () => {
  const service = syntheticService({ orders: {} });
  expect(service.some(({ source }) => source === 'database')).toBe(true);
  expect(parseTimeline(service.map(formatRecord).join(''), 'timeline.jsonl').records).toEqual(service);
});

test('a last line without its end is left out: a killed run leaves one', () => {
  expect(parseTimeline(text.slice(0, -5), 'timeline.jsonl').records).toHaveLength(records.length - 1);
});

test.each([
  ['not JSON', '{'],
  ['no record', '{"seq":0}'],
  ['an unknown source', '{"seq":0,"at":1,"source":"moon","kind":"x","subject":"y","data":{}}'],
])('a whole line that is %s is named with its number', (_what, line) => {
  expect(() => parseTimeline(`${text}${line}\n`, 'timeline.jsonl')).toThrow(
    `timeline.jsonl:${records.length + 1}:1: this line is not`,
  );
});
