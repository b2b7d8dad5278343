import { describe, expect, test } from 'vitest';
import { residue } from './residue.ts';

describe('residue', () => {
  test('nothing where both are the same, in any order', () => {
    expect(residue(['a', 'b', 'b'], ['b', 'a', 'b'])).toEqual([]);
  });

  test('names what is left, what is missing, and counts', () => {
    expect(
      residue(['pod: Current', 'pod: Current', 'rule'], ['pod: Current', 'rule', 'stopped node']),
    ).toEqual(['missing: pod: Current', 'left: stopped node']);
  });
});
