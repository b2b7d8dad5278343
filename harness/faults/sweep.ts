import { listClusters } from '#harness/cluster/clusters.ts';
import { removeCluster } from '#harness/cluster/remove.ts';
import { messageOf } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { isAlive } from '#harness/lease/owner.ts';
import { readReceipts, settle } from '#harness/lease/receipt.ts';
import { removeUnfinished } from '#harness/lease/unfinished.ts';
import { HEALERS } from './healers.ts';

/** One thing that a dead run left, and what became of it. */
export interface Swept {
  /** For example `cluster mettle-1a2b3c4d`. */
  readonly subject: string;
  /** `removed`, `healed` (a fault) and `failed` say what was done; `in use` and `kept` why it was left alone. */
  readonly outcome: 'removed' | 'healed' | 'failed' | 'in use' | 'kept';
  readonly reason: string;
}

export interface SweepOptions {
  /** Clusters kept by the user's wish go too. Those of live runs never do. */
  readonly all?: boolean;
  /** Told of everything that is removed, or cannot be. */
  readonly progress?: Progress;
}

async function attempt(
  subject: string,
  reason: string,
  act: () => Promise<void>,
  done: 'removed' | 'healed' = 'removed',
): Promise<Swept> {
  try {
    await act();
    return { subject, outcome: done, reason };
  } catch (error) {
    return { subject, outcome: 'failed', reason: messageOf(error) };
  }
}

/**
 * Settles what dead runs left: the third net, after the run itself and its warden. Touches nothing that Mettle has no
 * receipt or record of.
 */
export async function sweep(options: SweepOptions = {}): Promise<readonly Swept[]> {
  await removeUnfinished();
  const swept: Swept[] = [];
  const { receipts, unreadable } = await readReceipts();
  for (const { path, reason } of unreadable) {
    swept.push({ subject: `receipt ${path}`, outcome: 'failed', reason: `it cannot be read: ${reason}` });
  }
  for (const receipt of receipts) {
    const subject = `${receipt.kind} ${receipt.subject}`;
    if (await isAlive(receipt.owner)) {
      swept.push({ subject, outcome: 'in use', reason: `process ${receipt.owner.pid} runs` });
      continue;
    }
    const reason = `process ${receipt.owner.pid}, which made it at ${receipt.created_at}, is gone`;
    const done = receipt.kind === 'fault' ? 'healed' : 'removed';
    swept.push(await attempt(subject, reason, () => settle(receipt, HEALERS), done));
  }
  // Listing asks Docker; without a record there is nothing to ask about.
  for (const cluster of await listClusters()) {
    const subject = `cluster ${cluster.name}`;
    if (swept.some((one) => one.subject === subject)) continue;
    if (cluster.state === 'adopted') {
      swept.push({
        subject,
        outcome: 'kept',
        reason: 'it was adopted; mettle cluster release gives it back',
      });
    } else if (cluster.state === 'kept' && options.all !== true) {
      swept.push({ subject, outcome: 'kept', reason: 'it was asked to be kept; --all removes it' });
    } else if (cluster.state === 'in use') {
      swept.push({ subject, outcome: 'in use', reason: `process ${cluster.owner.pid} runs` });
    } else {
      const reason = cluster.state === 'kept' ? '--all was given' : `it is ${cluster.state}`;
      swept.push(await attempt(subject, reason, () => removeCluster(cluster.name, cluster)));
    }
  }
  for (const { subject, outcome, reason } of swept) {
    if (outcome !== 'in use' && outcome !== 'kept') options.progress?.(`${subject}: ${outcome}: ${reason}`);
  }
  return swept;
}
