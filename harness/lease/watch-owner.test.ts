import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { stateFolder } from '#harness/process/paths.ts';
import { thisProcess } from './owner.ts';
import { type Receipt, readReceipts, removeReceipt, writeReceipt } from './receipt.ts';
import { useFreshState } from './testing/state.ts';
import { watchOwner } from './watch-owner.ts';

useFreshState();

/** A harness that the test plays: it beats and goes when told. */
function play() {
  const listeners: { beat?: () => void; closed?: () => void } = {};
  let alive = true;
  const healed: string[] = [];
  const lines: string[] = [];
  const lifeline = {
    onBeat: (listener: () => void) => {
      listeners.beat = listener;
    },
    onClosed: (listener: () => void) => {
      listeners.closed = listener;
    },
  };
  const healer = ({ id }: Receipt): Promise<void> => {
    healed.push(id);
    return Promise.resolve();
  };
  const fast = {
    silence_s: 0.3,
    tick_ms: 10,
    patience_s: 0.3,
    log: (line: string) => lines.push(line),
    lives: () => Promise.resolve(alive),
  };
  return {
    beat: () => listeners.beat?.(),
    /** The thread that held the channel ends; its process goes on. */
    closed: () => listeners.closed?.(),
    gone: () => {
      alive = false;
      listeners.closed?.();
    },
    healed,
    lines,
    lifeline,
    healer,
    fast,
  };
}

async function owe(id: string, changes: Partial<Receipt> = {}): Promise<void> {
  await writeReceipt({
    id,
    kind: 'lamp',
    subject: id,
    created_at: new Date().toISOString(),
    lease_s: 60,
    owner: await thisProcess(),
    heal: {},
    ...changes,
  });
}

test('a harness that settles its own receipts leaves nothing to do', async () => {
  const { gone, healed, lifeline, healer, fast } = play();
  const watching = watchOwner({ owner: await thisProcess(), healers: { lamp: healer }, lifeline, ...fast });
  await owe('a');
  await removeReceipt('a');
  gone();
  await watching;
  expect(healed).toStrictEqual([]);
});

test('when the harness is gone its receipts are settled, and those of others are not', async () => {
  const { gone, healed, lifeline, healer, fast } = play();
  await owe('mine');
  await owe('foreign', { owner: { ...(await thisProcess()), pid: 1 } });
  const watching = watchOwner({ owner: await thisProcess(), healers: { lamp: healer }, lifeline, ...fast });
  gone();
  await watching;
  expect(healed).toStrictEqual(['mine']);
  expect((await readReceipts()).receipts.map(({ id }) => id)).toStrictEqual(['foreign']);
});

test('a receipt that the harness was writing when it was killed is gone as well', async () => {
  const { gone, lifeline, healer, fast } = play();
  const folder = await stateFolder('receipts');
  await writeFile(join(folder, `a.json.${spawnSync('true').pid}.new`), '{"id":');
  const watching = watchOwner({ owner: await thisProcess(), healers: { lamp: healer }, lifeline, ...fast });
  gone();
  await watching;
  expect(await readdir(folder)).toStrictEqual([]);
});

test('a silent harness counts as gone, one that beats does not', async () => {
  const { beat, gone, healed, lifeline, healer, fast } = play();
  await owe('a');
  const watching = watchOwner({ owner: await thisProcess(), healers: { lamp: healer }, lifeline, ...fast });
  for (let count = 0; count < 10; count += 1) {
    beat();
    await delay(60);
  }
  expect(healed).toStrictEqual([]);
  await expect.poll(() => healed, { timeout: 2000 }).toStrictEqual(['a']);
  gone();
  await watching;
});

test('a channel that closes while the process lives on settles nothing, however long it is silent', async () => {
  const { closed, gone, healed, lifeline, healer, fast } = play();
  await owe('a');
  const watching = watchOwner({ owner: await thisProcess(), healers: { lamp: healer }, lifeline, ...fast });
  closed();
  await delay(600);
  expect(healed).toStrictEqual([]);
  gone();
  await watching;
  expect(healed).toStrictEqual(['a']);
});

test('a lease that ended is settled while the harness lives', async () => {
  const { beat, gone, healed, lifeline, healer, fast } = play();
  await owe('short', { lease_s: 0 });
  await owe('long');
  const watching = watchOwner({ owner: await thisProcess(), healers: { lamp: healer }, lifeline, ...fast });
  await expect
    .poll(
      () => {
        beat();
        return healed;
      },
      { timeout: 2000 },
    )
    .toStrictEqual(['short']);
  gone();
  await watching;
  expect(healed).toStrictEqual(['short', 'long']);
});

test('a healer that fails is tried again until patience runs out, and the receipt stays for the next start', async () => {
  const { gone, lines, lifeline, fast } = play();
  await owe('a');
  let tries = 0;
  const healers = {
    lamp: () => {
      tries += 1;
      return Promise.reject(new Error('no answer'));
    },
  };
  const watching = watchOwner({ owner: await thisProcess(), healers, lifeline, ...fast });
  gone();
  await watching;
  expect(tries).toBeGreaterThan(2);
  expect(lines.join('\n')).toContain('not settled: no answer');
  expect((await readReceipts()).receipts).toHaveLength(1);
});
