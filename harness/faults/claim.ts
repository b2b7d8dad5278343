import { UsageError } from '#harness/core/errors.ts';
import { locked } from '#harness/lease/locked.ts';
import { type Receipt, readReceipts, writeReceipt } from '#harness/lease/receipt.ts';
import { readHeal } from './heal.ts';

/**
 * Refuses targets that another fault acts on already: neither could be proven then, and healing one would undo part of
 * the other. Faults of dead runs count until they are settled.
 * @throws UsageError naming the other fault and what both act on
 */
export async function refuseMasked(
  fault: string,
  cluster: string,
  targets: readonly string[],
): Promise<void> {
  const { receipts } = await readReceipts();
  for (const receipt of receipts.filter(({ kind }) => kind === 'fault')) {
    const other = readHeal(receipt);
    const both = other.cluster === cluster ? other.targets.filter((one) => targets.includes(one)) : [];
    if (both.length === 0) continue;
    throw new UsageError(
      `fault ${fault} is refused: ${other.fault} of process ${receipt.owner.pid} acts on ${both.join(', ')} already, and one would mask the other`,
      { next: 'Heal that one first; `mettle cleanup` heals those of runs that died.' },
    );
  }
}

/**
 * Writes the receipt of a fault unless another fault acts on its targets. Two harnesses that want the same do so one
 * after the other, so the second one finds the first one's receipt.
 * @throws UsageError as `refuseMasked`; nothing is left then
 */
export async function claimTargets(receipt: Receipt): Promise<void> {
  const { fault, cluster, targets } = readHeal(receipt);
  await locked('faults', async () => {
    await refuseMasked(fault, cluster, targets);
    await writeReceipt(receipt);
  });
}
