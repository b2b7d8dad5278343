import { expect, test, vi } from 'vitest';
import { thisProcess } from './owner.ts';
import type * as receipts from './receipt.ts';
import { readReceipts, writeReceipt } from './receipt.ts';
import { useFreshState } from './testing/state.ts';
import { watchOwner } from './watch-owner.ts';

/** What happens between the reading of the receipts and the answer. */
let meanwhile: () => Promise<void> = () => Promise.resolve();

vi.mock('./receipt.ts', async (original) => {
  const real = await original<typeof receipts>();
  return {
    ...real,
    readReceipts: async () => {
      const found = await real.readReceipts();
      await meanwhile();
      return found;
    },
  };
});

useFreshState();

test('a receipt that is written, and its harness killed, while the receipts are read is settled', async () => {
  const leave: { lives: boolean; gone?: () => void } = { lives: true };
  const owner = await thisProcess();
  meanwhile = async () => {
    meanwhile = () => Promise.resolve();
    const created_at = new Date().toISOString();
    await writeReceipt({
      id: 'late',
      kind: 'lamp',
      subject: 'late',
      created_at,
      lease_s: 60,
      owner,
      heal: {},
    });
    leave.lives = false;
    leave.gone?.();
  };
  const healed: string[] = [];
  await watchOwner({
    owner,
    healers: {
      lamp: ({ id }) => {
        healed.push(id);
        return Promise.resolve();
      },
    },
    lifeline: {
      onBeat: () => undefined,
      onClosed: (listener) => {
        leave.gone = listener;
      },
    },
    log: () => undefined,
    lives: () => Promise.resolve(leave.lives),
    tick_ms: 10,
  });
  expect(healed).toStrictEqual(['late']);
  expect((await readReceipts()).receipts).toStrictEqual([]);
});
