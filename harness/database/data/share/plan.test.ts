import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TableSchema } from '../generate/schema.ts';
import { planShare } from './plan.ts';

type Table = Pick<TableSchema, 'oid' | 'schema' | 'name' | 'references' | 'columns'>;

/** Tables by name, with the names of those that they refer to. */
function tables(references: Readonly<Record<string, readonly string[]>>): readonly Table[] {
  const all = Object.keys(references);
  return all.map((name, oid) => ({
    oid,
    schema: 'public',
    name,
    columns: [],
    references: (references[name] ?? []).map((target) => ({
      name: `${name}_${target}`,
      columns: [`${target}_id`],
      target: all.indexOf(target),
      target_columns: ['id'],
    })),
  }));
}

function names(some: readonly Table[]): readonly string[] {
  return some.map(({ name }) => name);
}

function planned(
  references: Readonly<Record<string, readonly string[]>>,
  touched: readonly string[],
  largest: string,
) {
  const all = tables(references);
  const plan = planShare(all, new Set(touched.map((name) => `public.${name}`)), `public.${largest}`);
  return {
    reduced: names(plan.reduced),
    drawn: names(all.filter(({ oid }) => plan.drawn.has(oid))),
    unrelated: names(plan.unrelated),
    has_circle: plan.has_circle,
    drawn_above: plan.drawn_above,
  };
}

const SHOP = { users: [], orders: ['users'], items: ['orders', 'products'], products: [], logs: [] };

test('what refers to a table that loses rows loses its own; what it refers to stays', () => {
  expect(planned(SHOP, ['orders'], 'orders')).toEqual({
    reduced: ['orders', 'items'],
    drawn: ['orders'],
    unrelated: ['logs'],
    has_circle: false,
    drawn_above: 1,
  });
});

test('a table below one that is drawn follows it, and keeps a share only once', () => {
  expect(planned(SHOP, ['users', 'orders'], 'orders')).toMatchObject({
    reduced: ['users', 'orders', 'items'],
    drawn: ['users'],
    drawn_above: 1,
  });
});

test('a table below two that are drawn keeps a share of a share, which is reckoned with', () => {
  expect(planned(SHOP, ['users', 'products', 'items'], 'items')).toMatchObject({
    drawn: ['users', 'products'],
    drawn_above: 2,
  });
});

test('of tables that refer to each other in a circle one is drawn', () => {
  const circle = { a: ['b'], b: ['a'], c: ['c'] };
  expect(planned(circle, ['a', 'b'], 'a')).toMatchObject({
    drawn: ['a'],
    has_circle: true,
    unrelated: ['c'],
  });
  expect(planned(circle, ['c'], 'c')).toMatchObject({ drawn: ['c'], has_circle: false });
});

test('whatever the references, each table that is touched is drawn or below one that is, and parents come first', () => {
  const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
  const some = fc.subarray([...NAMES]);
  fc.assert(
    fc.property(
      fc.tuple(some, some, some, some, some, some),
      fc.subarray([...NAMES], { minLength: 1 }),
      (refs, touched) => {
        const references = Object.fromEntries(NAMES.map((name, place) => [name, refs[place] ?? []]));
        const plan = planned(references, touched, touched[0] ?? 'a');
        const left = new Set(plan.drawn);
        for (const name of left) {
          for (const one of NAMES) if (references[one]?.some((parent) => parent === name)) left.add(one);
        }
        for (const name of touched) expect(left).toContain(name);
        expect(plan.reduced.toSorted()).toEqual([...left].toSorted());
        if (plan.has_circle) return;
        for (const [place, name] of plan.reduced.entries()) {
          for (const parent of references[name] ?? []) {
            const at = plan.reduced.indexOf(parent);
            expect(parent === name || at === -1 || at < place).toBe(true);
          }
        }
        // Nothing that is emptied is referred to by what is kept.
        for (const name of NAMES) {
          if (plan.unrelated.includes(name)) continue;
          for (const parent of references[name] ?? []) expect(plan.unrelated).not.toContain(parent);
        }
      },
    ),
  );
});
