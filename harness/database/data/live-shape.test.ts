import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openClient } from '../server/client.ts';
import { describeLive, shapeOf } from './live-shape.ts';
import { ask, useGenerator } from './testing/generated.ts';

const { server, generated } = useGenerator();

const SCHEMA = 'CREATE TABLE t (id int PRIMARY KEY, state text NOT NULL, note text, owner int NOT NULL)';

test('rows made of the statistics of a live database are spread like its own', async () => {
  await using live = await server().create();
  {
    await using client = await openClient(live.address);
    await client.query(SCHEMA);
    await client.query(
      `INSERT INTO t SELECT i, CASE WHEN i % 10 < 7 THEN 'open' WHEN i % 10 < 9 THEN 'shut' ELSE 'gone' END,
         CASE WHEN i % 4 = 0 THEN 'secret ' || i % 1000 END, (random() ^ 2 * 500)::int FROM generate_series(1, 20000) AS i`,
    );
    await client.query('VACUUM (ANALYZE) t');
  }
  const { shape, real_rows } = await describeLive(live.address);
  expect(real_rows).toEqual({ 'public.t': 20_000 });
  expect(JSON.stringify(shape)).not.toContain('secret');
  const { template } = await generated(SCHEMA, { rows: 20_000, shape });
  const found = await ask(
    template,
    `SELECT array_agg(DISTINCT state) AS states, count(*) FILTER (WHERE state = 'open')::float8 / count(*) AS open,
       count(note)::float8 / count(*) AS notes, count(DISTINCT note)::int AS different, count(DISTINCT owner)::int AS owners FROM t`,
  );
  expect(found?.['states']).toEqual(['gone', 'open', 'shut']);
  expect(found?.['open']).toBeCloseTo(0.7, 1);
  expect(found?.['notes']).toBeCloseTo(0.25, 1);
  expect(found?.['different']).toBeGreaterThan(200);
  expect(found?.['different']).toBeLessThan(300);
  expect(found?.['owners']).toBeGreaterThan(450);
});

test('statistics of any kind make a shape that can be used', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      share,
      fc.oneof(fc.double({ min: -1, max: 0, noNaN: true }), fc.integer({ min: 0, max: 1_000_000 })),
      fc.option(fc.double({ min: 0.0001, max: 1, noNaN: true })),
      fc.integer({ min: 1, max: 100_000_000 }),
      (nulls, distinct, most_often, rows) => {
        const shape = shapeOf({ nulls, distinct, most_often, values: null }, rows);
        expect(shape.distinct ?? 1).toBeGreaterThanOrEqual(1);
        expect(shape.distinct ?? 1).toBeLessThanOrEqual(Math.max(1, rows));
        expect(shape.skew ?? 1).toBeGreaterThanOrEqual(1);
        expect(shape.nulls).toBeGreaterThanOrEqual(0);
        expect(shape.nulls).toBeLessThanOrEqual(1);
      },
    ),
  );
});
