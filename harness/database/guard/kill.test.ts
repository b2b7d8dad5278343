import { describe, expect, test } from 'vitest';
import type { KillFacts } from '#harness/core/guard/facts.ts';
import { embedded } from '../testing/embedded.ts';
import type { KillWay } from './kill/strike.ts';
import { killMigration } from './kill.ts';
import { madeFile } from './testing/made-file.ts';

const MADE = `
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO users SELECT g, 'name ' || g FROM generate_series(1, 2000) g;
`;

interface KillTest {
  readonly ways: readonly KillWay[];
  readonly in_transaction: boolean;
  readonly points?: number;
}

// On a busy machine a copy of a database takes seconds.
describe('a migration that is killed', { timeout: 180_000 }, () => {
  const made = embedded(MADE);

  /** Kills that came in time: on a busy machine a statement may be over before half of its time of another run. */
  async function kill(
    { ways, in_transaction, points = 3 }: KillTest,
    ...statements: readonly string[]
  ): Promise<readonly KillFacts[]> {
    const up = madeFile(...statements);
    const kills = await killMigration({
      server: made.server,
      template: made.template,
      migration: { up, in_transaction },
      ways,
      points,
    });
    return kills.filter(({ too_late }) => !too_late);
  }

  test.each<KillWay>(['client', 'connection', 'server'])(
    'in one transaction leaves nothing, by the %s, and runs again',
    async (way) => {
      const kills = await kill(
        { ways: [way], in_transaction: true, points: 2 },
        'ALTER TABLE users ADD nick text',
        'UPDATE users SET nick = name',
        'SELECT pg_sleep(0.2)',
      );
      expect(kills).toHaveLength(2);
      for (const one of kills) {
        expect(one).toMatchObject({
          how: way,
          too_late: false,
          state: 'as before',
          residue: [],
          again: 'applied',
          same_after_again: true,
          differences: [],
        });
      }
    },
  );

  test('between statements that each commit is stuck, because it cannot be run again', async () => {
    const kills = await kill(
      { ways: ['connection'], in_transaction: false },
      'ALTER TABLE users ADD nick text',
      'CREATE TABLE extra (id int)',
    );
    const one = kills.find(({ statement }) => statement === 1);
    expect(one).toMatchObject({
      statement: 1,
      too_late: false,
      state: 'in between',
      residue: [],
      again: 'refused',
      again_refusal: { index: 0, code: '42701' },
      same_after_again: false,
    });
    expect(one?.differences).toContainEqual(expect.stringMatching(/^table public.extra is gone/));
  });

  test('between statements that can be repeated goes on where it was', async () => {
    const kills = await kill(
      { ways: ['connection', 'server'], in_transaction: false },
      'ALTER TABLE users ADD IF NOT EXISTS nick text',
      'UPDATE users SET nick = name WHERE nick IS NULL',
    );
    const between = kills.filter(({ statement, after_ms }) => statement === 1 && after_ms < 10);
    expect(new Set(between.map(({ how }) => how))).toEqual(new Set(['connection', 'server']));
    for (const one of between) {
      expect(one).toMatchObject({ state: 'in between', again: 'applied', same_after_again: true });
    }
  });

  test.each<KillWay>(['connection', 'server'])(
    'while an index is built concurrently leaves an invalid one, by the %s',
    async (way) => {
      const [one] = await kill(
        { ways: [way], in_transaction: false },
        'CREATE INDEX CONCURRENTLY by_name ON users (name)',
      );
      expect(one).toMatchObject({
        too_late: false,
        state: 'in between',
        residue: ['invalid index public.by_name'],
        again: 'refused',
        again_refusal: { code: '42P07' },
        same_after_again: false,
        differences: [expect.stringMatching(/^index public.by_name differs: .* INVALID NOT READY$/)],
      });
    },
  );

  test('by a client that dies is finished by the server, where the statement commits by itself', async () => {
    const [one] = await kill(
      { ways: ['client'], in_transaction: false },
      'CREATE INDEX CONCURRENTLY by_name ON users (name)',
    );
    expect(one).toMatchObject({
      too_late: false,
      state: 'as after',
      again: 'not needed',
      same_after_again: true,
    });
  });

  test('and does more the second time is found by its rows', async () => {
    const kills = await kill(
      { ways: ['connection'], in_transaction: false },
      `UPDATE users SET name = name || '!'`,
      'ALTER TABLE users ADD nick text',
    );
    expect(kills.find(({ statement }) => statement === 1)).toMatchObject({
      state: 'in between',
      again: 'applied',
      same_after_again: false,
      differences: ['values of public.users.name differ'],
    });
  });

  test('is not held against values that every run makes anew', async () => {
    const [one] = await kill(
      { ways: ['connection'], in_transaction: true },
      'ALTER TABLE users ADD token uuid DEFAULT gen_random_uuid()',
      `UPDATE users SET name = 'x' WHERE id = 1`,
    );
    expect(one).toMatchObject({
      state: 'as before',
      again: 'applied',
      same_after_again: true,
      differences: [],
    });
  });

  test('is not killed at all where it is refused', async () => {
    expect(await kill({ ways: ['connection'], in_transaction: true }, 'SELECT 1 / 0')).toEqual([]);
  });
});
