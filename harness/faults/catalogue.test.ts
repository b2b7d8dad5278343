import { describe, expect, test } from 'vitest';
import { FAULTS } from './catalogue.ts';

describe('the catalogue', () => {
  test('has each name once, in kebab case', () => {
    const names = FAULTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([]);
  });

  test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s says what it breaks and what it can be told',
    (_name, fault) => {
      expect(fault.breaks.length).toBeGreaterThan(20);
      expect(fault.options.filter(({ meaning }) => meaning === '').map(({ name }) => name)).toEqual([]);
    },
  );
});
