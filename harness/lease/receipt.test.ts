import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateFolder } from '#harness/process/paths.ts';
import { thisProcess } from './owner.ts';
import { leaseEnded, type Receipt, readReceipts, removeReceipt, settle, writeReceipt } from './receipt.ts';
import { useFreshState } from './testing/state.ts';

useFreshState();

async function receiptOf(id: string): Promise<Receipt> {
  return {
    id,
    kind: 'lamp',
    subject: `lamp ${id}`,
    created_at: '2026-01-02T03:04:05.000Z',
    lease_s: 60,
    owner: await thisProcess(),
    heal: { switch: 'off' },
  };
}

test('a receipt is read back as it was written, and is gone once removed', async () => {
  const receipt = await receiptOf('a1');
  await writeReceipt(receipt);
  await expect(readReceipts()).resolves.toStrictEqual({ receipts: [receipt], unreadable: [] });
  await removeReceipt('a1');
  await removeReceipt('a1');
  await expect(readdir(await stateFolder('receipts'))).resolves.toStrictEqual([]);
});

test('a damaged receipt is reported and hides no other', async () => {
  await writeReceipt(await receiptOf('b2'));
  await writeFile(join(await stateFolder('receipts'), 'a1.json'), '{"id":');
  const { receipts, unreadable } = await readReceipts();
  expect(receipts.map(({ id }) => id)).toStrictEqual(['b2']);
  expect(unreadable.map(({ path }) => path)).toStrictEqual([expect.stringContaining('a1.json')]);
});

test('a receipt stays until its healer has succeeded', async () => {
  const receipt = await receiptOf('c3');
  await writeReceipt(receipt);
  const broken = { lamp: () => Promise.reject(new Error('the switch is stuck')) };
  await expect(settle(receipt, broken)).rejects.toThrow('the switch is stuck');
  await expect(settle(receipt, {})).rejects.toThrow('unknown kind lamp');
  expect((await readReceipts()).receipts).toHaveLength(1);
  await settle(receipt, { lamp: () => Promise.resolve() });
  expect((await readReceipts()).receipts).toHaveLength(0);
});

test('a lease ends after its seconds', async () => {
  const receipt = await receiptOf('d4');
  expect(leaseEnded(receipt, new Date('2026-01-02T03:05:04.999Z'))).toBe(false);
  expect(leaseEnded(receipt, new Date('2026-01-02T03:05:05.000Z'))).toBe(true);
});
