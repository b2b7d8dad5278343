import { describe, expect, test } from 'vitest';
import { orderHash, type OrderLine, orderTotalCents } from '#fixtures/apps/shop/catalogue.ts';
import { orderColumns } from '#fixtures/apps/shop/columns.ts';
import { UnfitError } from '#harness/core/errors.ts';
import { askBy } from '#harness/database/ask.ts';
import { openClient } from '#harness/database/server/client.ts';
import { embedded } from '#harness/database/testing/embedded.ts';
import { heldHash } from '../record-orders.ts';
import { ordersInDatabase } from './orders-in-database.ts';

const SCHEMA = 'shop_run';
const RENAME = `ALTER TABLE ${SCHEMA}.orders RENAME COLUMN content_hash TO digest`;
const MOVED = { [`${SCHEMA}.orders.content_hash`]: `${SCHEMA}.orders.digest` };
const LINES: readonly OrderLine[] = [
  { item_id: 3, quantity: 2 },
  { item_id: 7, quantity: 1 },
];
const HASH = orderHash(LINES, orderTotalCents(LINES));

const columns = orderColumns();
const order = (id: string): string =>
  `INSERT INTO ${SCHEMA}.orders (${columns.inserted}) VALUES ('${id}', '${JSON.stringify(LINES)}', ${orderTotalCents(LINES)}, '${HASH}', 'v1', 'pod', now());`;

describe('orders by the word of the database', { timeout: 60_000 }, () => {
  // As the shop makes its table.
  const made = embedded(`CREATE SCHEMA ${SCHEMA};
    CREATE TABLE ${SCHEMA}.orders (${columns.definitions});
    ${order('run-1')} ${order('run-2')} ${order('other-1')} ${order('running-3')}`);

  async function held(statements: string, moved?: Readonly<Record<string, string>>) {
    await using database = await made.copy();
    await using client = await openClient(database.address);
    if (statements !== '') await client.query(statements);
    const where = { schema: SCHEMA, run_id: 'run', ...(moved ? { moved } : {}) };
    const orders = await ordersInDatabase(askBy(client), where);
    return orders.map((one) => `${one.id} ${heldHash(one)}`);
  }

  test('are those of the run alone, each with the hash of what it holds', async () => {
    expect(await held('')).toEqual([`run-1 ${HASH}`, `run-2 ${HASH}`]);
  });

  test('are found under the new name of a column', async () => {
    expect(await held(RENAME, MOVED)).toEqual([`run-1 ${HASH}`, `run-2 ${HASH}`]);
  });

  test('are found in either column while values are copied', async () => {
    const half = `ALTER TABLE ${SCHEMA}.orders ADD COLUMN digest text;
      ALTER TABLE ${SCHEMA}.orders ALTER COLUMN content_hash DROP NOT NULL;
      UPDATE ${SCHEMA}.orders SET digest = content_hash, content_hash = NULL WHERE id = 'run-1'`;
    expect(await held(half, MOVED)).toEqual([`run-1 ${HASH}`, `run-2 ${HASH}`]);
  });

  test('that were changed, or whose hash went with its column, do not look like what was told', async () => {
    const changed = `UPDATE ${SCHEMA}.orders SET total_cents = total_cents + 1 WHERE id = 'run-1';
      DELETE FROM ${SCHEMA}.orders WHERE id = 'run-2'`;
    expect(await held(changed)).toEqual([expect.stringMatching(/^run-1 \w{8}, but its content is \w{8}$/)]);
    // Nobody said where its values went.
    expect((await held(RENAME))[0]).toBe(`run-1 no hash, but its content is ${HASH}`);
  });

  test('are not known where the table, or what makes an order, is gone', async () => {
    await expect(held(`DROP TABLE ${SCHEMA}.orders`)).rejects.toThrow(UnfitError);
    const dropped = `ALTER TABLE ${SCHEMA}.orders DROP COLUMN lines`;
    await expect(held(dropped)).rejects.toThrow(`order run-1 of ${SCHEMA}.orders lacks lines`);
  });
});
