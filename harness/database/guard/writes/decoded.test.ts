import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Change, type LoggedRow, readChange } from './decoded.ts';
import { lastWrites } from './last-writes.ts';

const row = (columns: Readonly<Record<string, readonly [string, string | null | undefined]>>): LoggedRow =>
  new Map(Object.entries(columns).map(([name, [type, value]]) => [name, { type, value }]));

test('a change is read in the words of the plugin', () => {
  expect(readChange('BEGIN 771')).toBeUndefined();
  expect(readChange('COMMIT')).toBeUndefined();
  expect(
    readChange(
      `table public.users: INSERT: id[integer]:-7 name[character varying]:'it''s' ok[boolean]:true tags[text[]]:'{"a b"}' bits[bit]:B'101' no[text]:null`,
    ),
  ).toStrictEqual({
    kind: 'insert',
    table: 'public.users',
    row: row({
      id: ['integer', '-7'],
      name: ['character varying', "it's"],
      ok: ['boolean', 't'],
      tags: ['text[]', '{"a b"}'],
      bits: ['bit', '101'],
      no: ['text', null],
    }),
  });
  expect(
    readChange(`table public.users: UPDATE: id[integer]:1 big[text]:unchanged-toast-datum`),
  ).toStrictEqual({
    kind: 'update',
    table: 'public.users',
    row: row({ id: ['integer', '1'], big: ['text', undefined] }),
  });
  expect(
    readChange(
      `table public.users: UPDATE: old-key: id[text]:' new-tuple: ' new-tuple: id[text]:'b' n[integer]:2`,
    ),
  ).toStrictEqual({
    kind: 'update',
    table: 'public.users',
    former: row({ id: ['text', ' new-tuple: '] }),
    row: row({ id: ['text', 'b'], n: ['integer', '2'] }),
  });
  expect(readChange(`table "My app"."a "".b: ": DELETE: (no-tuple-data)`)).toStrictEqual({
    kind: 'delete',
    table: 'My app.a ".b: ',
    former: row({}),
  });
  expect(readChange('table public.a, other."B": TRUNCATE: restart_seqs cascade')).toStrictEqual({
    kind: 'truncate',
    tables: ['public.a', 'other.B'],
  });
});

test('a line in other words is an error, not no change', () => {
  expect(() => readChange('message: transactional: 1 prefix: p, sz: 1 content:x')).toThrow(SyntaxError);
  expect(() => readChange('table public.users: INSERT: id[integer]:1 odd')).toThrow(SyntaxError);
});

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

test('any text is read as it was written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
      const line = `table public.t: UPDATE: old-key: k[text]:${quoted(one)} new-tuple: k[text]:${quoted(other)}`;
      expect(readChange(line)).toMatchObject({
        former: row({ k: ['text', one] }),
        row: row({ k: ['text', other] }),
      });
    }),
  );
});

/** A row of one table, whose key is `id`, as releases may change it. */
const CHANGE = fc.oneof(
  fc.record({ do: fc.constant('put' as const), id: fc.nat(3), value: fc.nat(9) }),
  fc.record({ do: fc.constant('move' as const), id: fc.nat(3), to: fc.nat(3) }),
  fc.record({ do: fc.constant('remove' as const), id: fc.nat(3) }),
);

const of = (id: number, value?: number): LoggedRow =>
  row({
    id: ['integer', String(id)],
    ...(value === undefined ? {} : { v: ['integer', String(value)] }),
  });

test('what is left of the rows is what a table would hold', () => {
  const tables = new Map([['public.t', { table: 'public.t', key: [{ name: 'id', type: 'integer' }] }]]);
  fc.assert(
    fc.property(fc.array(CHANGE), (asked) => {
      const held = new Map<number, number>();
      const touched = new Set<number>();
      const table = 'public.t';
      const changes: Change[] = [];
      for (const one of asked) {
        const there = held.get(one.id);
        if (one.do === 'put') {
          changes.push({
            kind: there === undefined ? 'insert' : 'update',
            table,
            row: of(one.id, one.value),
          });
          held.set(one.id, one.value);
        } else if (there !== undefined && one.do === 'remove') {
          changes.push({ kind: 'delete', table, former: of(one.id) });
          held.delete(one.id);
        } else if (there !== undefined && one.do === 'move' && !held.has(one.to)) {
          changes.push({ kind: 'update', table, former: of(one.id), row: of(one.to, there) });
          held.delete(one.id);
          held.set(one.to, there);
          touched.add(one.to);
        } else continue;
        touched.add(one.id);
      }
      const found = lastWrites(changes, tables);
      expect(found.changes).toBe(changes.length);
      const rows = found.tables.flatMap((one) => one.rows);
      expect(new Set(rows.map(({ key }) => Number(key[0])))).toStrictEqual(touched);
      for (const { key, row: left } of rows) {
        const value = held.get(Number(key[0]));
        expect(left?.get('v')?.value).toBe(value === undefined ? undefined : String(value));
        expect(left === undefined).toBe(value === undefined);
      }
    }),
  );
});
