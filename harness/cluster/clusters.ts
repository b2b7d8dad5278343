import { RefusedError, UsageError } from '#harness/core/errors.ts';
import type { Progress } from '#harness/core/progress.ts';
import { isAlive } from '#harness/lease/owner.ts';
import { readReceipts, removeReceipt } from '#harness/lease/receipt.ts';
import { clusterName } from './names.ts';
import { type ClusterRecord, readRecord, recordedNames } from './record.ts';
import { nodeContainers, removeCluster } from './remove.ts';

/**
 * `in use`: its run lives. `kept`: it outlives its run by the user's wish. `left`: its run died. `adopted`: it is somebody
 * else's, and Mettle may act on it.
 */
export type ClusterState = 'in use' | 'kept' | 'left' | 'gone' | 'adopted';

export interface ListedCluster extends ClusterRecord {
  readonly state: ClusterState;
}

async function stateOf(record: ClusterRecord): Promise<ClusterState> {
  if (record.kind === 'adopted') return 'adopted';
  if ((await nodeContainers(record.name, record)).length === 0) return 'gone';
  if (record.kept) return 'kept';
  return (await isAlive(record.owner)) ? 'in use' : 'left';
}

/** Clusters that Mettle made and has not removed, and those that it adopted. @throws UnfitError when Docker does not answer */
export async function listClusters(): Promise<readonly ListedCluster[]> {
  const names = await recordedNames();
  const records = await Promise.all(names.map(readRecord));
  return await Promise.all(
    records
      .filter((record) => record !== undefined)
      .map(async (record) => ({ ...record, state: await stateOf(record) })),
  );
}

/**
 * Deletes a cluster that Mettle made, by its name with or without the prefix.
 * @throws UsageError when there is none of this name
 * @throws RefusedError when a live run uses it, or when it is an adopted one
 */
export async function deleteCluster(
  text: string,
  options: { readonly progress?: Progress } = {},
): Promise<string> {
  const name = clusterName(text);
  // A damaged record still names a cluster of Mettle's; removing it is the way out.
  const names = await recordedNames();
  const record = await readRecord(name).catch(() => undefined);
  if (record?.kind === 'adopted' || (await recordedNames('adopted')).includes(name)) {
    throw new RefusedError(`Cluster ${name} is not Mettle's to delete: it was adopted`, {
      next: `Give it back as it is: mettle cluster release ${name}`,
    });
  }
  if (record === undefined && !names.includes(name)) {
    throw new UsageError(`Mettle made no cluster ${name}`, {
      next:
        names.length > 0
          ? `There are: ${names.join(', ')}`
          : 'There is none: mettle cluster create makes one.',
    });
  }
  if (record && !record.kept && record.owner.pid !== process.pid && (await isAlive(record.owner))) {
    throw new RefusedError(`Cluster ${name} is in use by the run of process ${record.owner.pid}`, {
      next: 'Wait for that run, or end it with Ctrl-C.',
    });
  }
  options.progress?.(`removing ${name}`);
  await removeCluster(name, record);
  const { receipts } = await readReceipts();
  await Promise.all(
    receipts
      .filter(({ kind, subject }) => kind === 'cluster' && subject === name)
      .map(({ id }) => removeReceipt(id)),
  );
  return name;
}
