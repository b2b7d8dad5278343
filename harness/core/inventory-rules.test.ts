import { expect, test } from 'vitest';
import { FIELD_RULES } from './inventory-rules.ts';

test('every field of the table is written as the fields of an object are', () => {
  const quoted = FIELD_RULES.flatMap(({ field }) =>
    [...field.matchAll(/\["(?<name>[^"]+)"\]/g)].map((match) => match.groups?.['name'] ?? ''),
  );
  expect(quoted.length).toBeGreaterThan(3);
  // A name stands between quotes only where it would not do without them.
  expect(quoted.filter((name) => /^[\w-]+$/.test(name))).toEqual([]);
});
