import { describe, expect, test } from 'vitest';
import { openClient } from '../server/client.ts';
import { embedded } from '../testing/embedded.ts';
import { measureTables } from './facts.ts';

const MADE = `
CREATE TABLE users (id int);
INSERT INTO users SELECT generate_series(1, 5);
CREATE TABLE nothing (id int);
CREATE SCHEMA parts;
CREATE TABLE orders (id int, year int) PARTITION BY LIST (year);
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES IN (2024);
CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES IN (2025) PARTITION BY HASH (id);
CREATE TABLE parts.orders_2025_0 PARTITION OF orders_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts.orders_2025_1 PARTITION OF orders_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO orders SELECT g, 2024 FROM generate_series(1, 7) g;
`;

describe('what tables hold', { timeout: 60_000 }, () => {
  const made = embedded(MADE);

  test('is counted for a partitioned one as a whole, and for each partition that can hold rows', async () => {
    await using client = await openClient(made.template.address);
    const found = await measureTables(client);
    expect(found).toMatchObject([
      { table: 'public.nothing', rows: 0 },
      {
        table: 'public.orders',
        rows: 7,
        parts: [
          { table: 'parts.orders_2025_0', rows: 0 },
          { table: 'parts.orders_2025_1', rows: 0 },
          { table: 'public.orders_2024', rows: 7 },
        ],
      },
      { table: 'public.users', rows: 5 },
    ]);
    expect(found[2]).not.toHaveProperty('parts');
  });
});
