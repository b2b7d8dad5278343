import { describe, expect, test } from 'vitest';
import { refusalsIn } from './server-log.ts';

const LOG = `
2026-11-21T18:00:00.000000001Z 2026-11-21 18:00:00.000 GMT [1] LOG:  database system is ready to accept connections
2026-11-21T18:00:01.120000000Z 2026-11-21 18:00:01.100 GMT [27] shop@shop shop_a 42703 ERROR:  column "content_hash" of relation "orders" does not exist at character 61
2026-11-21T18:00:01.120000000Z 2026-11-21 18:00:01.100 GMT [27] shop@shop shop_a 42703 STATEMENT:  INSERT INTO "shop_a".orders (id)
2026-11-21T18:00:01.130000000Z 2026-11-21 18:00:01.130 GMT [28] shop@shop shop_b 42703 ERROR:  column "x" does not exist at character 8
2026-11-21T18:00:02.000000000Z 2026-11-21 18:00:02.000 GMT [29] shop@shop psql 23502 ERROR:  column "digest" of relation "orders" contains null values
2026-11-21T18:00:03.120000000Z 2026-11-21 18:00:03.250 GMT [27] shop@shop shop_a 42703 ERROR:  column "content_hash" of relation "orders" does not exist at character 9
2026-11-21 18:00:00.500 GMT [30] shop@shop shop_a 57014 ERROR:  canceling statement due to statement timeout
`;

describe('the log of PostgreSQL', () => {
  test('says what one client was refused, by SQLSTATE and words, with first, last and number', () => {
    expect(refusalsIn(LOG, 'shop_a')).toEqual([
      {
        sqlstate: '57014',
        message: 'canceling statement due to statement timeout',
        count: 1,
        first_at: Date.UTC(2026, 10, 21, 18, 0, 0, 500),
        last_at: Date.UTC(2026, 10, 21, 18, 0, 0, 500),
      },
      {
        sqlstate: '42703',
        message: 'column "content_hash" of relation "orders" does not exist',
        count: 2,
        first_at: Date.UTC(2026, 10, 21, 18, 0, 1, 100),
        last_at: Date.UTC(2026, 10, 21, 18, 0, 3, 250),
      },
    ]);
  });

  test('says nothing of a client that it does not name', () => {
    expect(refusalsIn(LOG, 'shop_c')).toEqual([]);
    expect(refusalsIn('', 'shop_a')).toEqual([]);
  });
});
