import { describe, expect, test } from 'vitest';
import { residueOf } from './residue.ts';

const BEFORE = new Map([
  ['table public.users', 'T'],
  ['column public.users.id', 'integer'],
  ['column order of public.users', 'id'],
  ['index public.by_id', 'CREATE INDEX by_id'],
]);

const having = (...more: readonly (readonly [string, string])[]) => new Map([...BEFORE, ...more]);

describe('what was left', () => {
  test('is nothing where nothing changed', () => {
    expect(residueOf(BEFORE, BEFORE)).toEqual([]);
  });

  test('is named by what it is', () => {
    const now = having(
      ['index public.new', 'CREATE INDEX new INVALID'],
      ['constraint public.users.positive', 'CHECK ((id > 0)) NOT VALID'],
      ['column public.users.nick', 'text'],
      ['column order of public.users', 'id, nick'],
      ['type public.mood', `ENUM 'sad'`],
    );
    expect(residueOf(BEFORE, now)).toEqual([
      'column public.users.nick',
      'constraint public.users.positive, which is not validated',
      'invalid index public.new',
      'type public.mood',
    ]);
  });

  test('is not what a whole run makes as well', () => {
    const after = having(['column public.users.nick', 'text'], ['index public.new', 'CREATE INDEX new']);
    const now = having(
      ['column public.users.nick', 'text'],
      ['index public.new', 'CREATE INDEX new INVALID'],
    );
    expect(residueOf(BEFORE, now, after)).toEqual(['invalid index public.new']);
  });

  test('is also what was changed or is gone', () => {
    const now = new Map(
      [...BEFORE, ['column public.users.id', 'bigint'] as const].filter(
        ([name]) => !name.startsWith('index'),
      ),
    );
    expect(residueOf(BEFORE, now)).toEqual([
      'column public.users.id is another one',
      'index public.by_id is gone',
    ]);
  });
});
