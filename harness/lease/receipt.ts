import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { messageOf } from '#harness/core/errors.ts';
import { stateFiles, stateFolder } from '#harness/process/paths.ts';
import { removeDurably, writeDurably } from './durable.ts';
import { type Owner, OwnerSchema } from './owner.ts';

const ReceiptSchema = v.object({
  id: v.pipe(v.string(), v.regex(/^[\w.-]+$/)),
  kind: v.string(),
  subject: v.string(),
  created_at: v.pipe(v.string(), v.isoTimestamp()),
  lease_s: v.pipe(v.number(), v.minValue(0)),
  owner: OwnerSchema,
  heal: v.record(v.string(), v.unknown()),
});

/**
 * What Mettle owes to the machine, written before the debt is made: a cluster to delete, a fault to heal. Whoever
 * finds it (the harness, its warden, the next start) can settle it without knowing more.
 */
export interface Receipt {
  readonly id: string;
  /** Which healer settles it, for example `cluster`. */
  readonly kind: string;
  /** What a reader calls the object. */
  readonly subject: string;
  readonly created_at: string;
  /** After this long the warden settles it even while the owner runs, in seconds. */
  readonly lease_s: number;
  readonly owner: Owner;
  /** What the healer needs to know; each kind has its own shape. */
  readonly heal: Readonly<Record<string, unknown>>;
}

/** Settles one kind of receipt. Must do no harm when done twice, or at the same time by two processes. */
export type Healer = (receipt: Receipt) => Promise<void>;

export type Healers = Readonly<Record<string, Healer>>;

/** A name for something made in this run, not used before. */
export function freshId(): string {
  return randomBytes(4).toString('hex');
}

async function pathOf(id: string): Promise<string> {
  return join(await stateFolder('receipts'), `${id}.json`);
}

/** Puts a receipt on the disk; when this returns it survives a power cut. */
export async function writeReceipt(receipt: Receipt): Promise<void> {
  await writeDurably(await pathOf(receipt.id), `${JSON.stringify(receipt, undefined, 2)}\n`);
}

/** Forgets a receipt whose debt is settled. */
export async function removeReceipt(id: string): Promise<void> {
  await removeDurably(await pathOf(id));
}

/** Whether a receipt is still on the disk: whoever settles a debt removes it. */
export async function hasReceipt(id: string): Promise<boolean> {
  return (await stateFiles('receipts')).some((path) => basename(path) === `${id}.json`);
}

/** All receipts, and the files that hold none. */
export async function readReceipts(): Promise<{
  readonly receipts: readonly Receipt[];
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}> {
  const receipts: Receipt[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  for (const path of (await stateFiles('receipts')).filter((file) => file.endsWith('.json'))) {
    try {
      receipts.push(v.parse(ReceiptSchema, JSON.parse(await readFile(path, 'utf8'))));
    } catch (error) {
      // Settled by another process since the folder was listed.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
      unreadable.push({ path, reason: messageOf(error) });
    }
  }
  return { receipts, unreadable };
}

/** Whether the lease of a receipt has run out. */
export function leaseEnded(receipt: Receipt, now: Date): boolean {
  return now.getTime() >= Date.parse(receipt.created_at) + receipt.lease_s * 1000;
}

/**
 * Settles a receipt by its healer and forgets it.
 * @throws Error when the kind is unknown; whatever the healer throws. The receipt then stays.
 */
export async function settle(receipt: Receipt, healers: Healers): Promise<void> {
  const healer = healers[receipt.kind];
  if (healer === undefined) throw new Error(`receipt ${receipt.id} is of the unknown kind ${receipt.kind}`);
  await healer(receipt);
  await removeReceipt(receipt.id);
}
