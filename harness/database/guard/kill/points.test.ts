import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { madeFile } from '../testing/made-file.ts';
import { killPoints } from './points.ts';

function points(texts: readonly string[], durations_ms: readonly number[], is_wrapped = true) {
  return killPoints({ statements: madeFile(...texts).statements, durations_ms, is_wrapped }).map(
    ({ statement, at, delay_ms }) => `${at} ${statement}${delay_ms > 0 ? ` ${delay_ms}` : ''}`,
  );
}

describe('where a migration is killed', () => {
  test('in the middle of slow statements first, then before the commit, then between', () => {
    expect(points(['a', 'b', 'c', 'd'], [400, 1, 1000, 2])).toEqual([
      'amid 2 500',
      'amid 0 200',
      'after 3',
      'before 3',
      'before 1',
      'before 2',
    ]);
  });

  test('before its own commit, and nowhere around what only begins or sets', () => {
    expect(points(['BEGIN', 'a', 'COMMIT'], [0, 1, 1], false)).toEqual(['before 2']);
  });

  test('in the middle of what commits piecemeal', () => {
    expect(points(['CREATE INDEX CONCURRENTLY i ON t (a)', 'b'], [900, 1], false)).toEqual([
      'held 0',
      'before 1',
    ]);
  });

  test('within a single statement that nothing surrounds, however short', () => {
    expect(points(['a'], [1], false)).toEqual(['held 0']);
    expect(points(['a'], [1])).toEqual(['after 0']);
  });

  test('at each place once, within what there is', () => {
    const durations = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(durations, fc.boolean(), (durations_ms, is_wrapped) => {
        const found = points(
          durations_ms.map((_, place) => `statement ${place}`),
          durations_ms,
          is_wrapped,
        );
        expect(new Set(found).size).toBe(found.length);
        const between = found.filter((point) => point.startsWith('before'));
        expect(between).toHaveLength(durations_ms.length - 1);
        expect(between).not.toContain('before 0');
        expect(found.length).toBeGreaterThan(0);
      }),
    );
  });
});
