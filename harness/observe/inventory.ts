import { createHmac, randomBytes } from 'node:crypto';
import { leftOut, type Mark, inventoryObjects } from '#harness/core/inventory-fields.ts';
import { KINDS_LEFT_OUT } from '#harness/core/inventory-rules.ts';
import type { KubeObject } from '#harness/core/kubernetes.ts';
import type { InventoryData } from '#harness/core/recovery.ts';
import type { Recorder } from '#harness/core/timeline.ts';
import { UnfitError } from '#harness/core/errors.ts';
import type { KubeClient, ListableKind } from '#harness/kube/client.ts';

/**
 * Kinds that are asked for at a time. An inventory is taken beside a load, on machines of two cores: it may take two
 * seconds more, and must not make the generator late.
 */
const AT_A_TIME = 4;

/**
 * Drawn once for the process, which takes both inventories of a run, and kept nowhere: a password that is easy to guess
 * could be found from a plain SHA-256 of it.
 */
const KEY = randomBytes(32);

const mark: Mark = (text) => createHmac('sha256', KEY).update(text).digest('hex').slice(0, 32);

/** Renewed every few seconds, so that two readings of one cluster can be told apart by the store's counter. */
const CLOCK_KIND = 'Lease';

function isRead({ kind }: ListableKind): boolean {
  return kind === CLOCK_KIND || !KINDS_LEFT_OUT.some((one) => one.kind === kind);
}

async function readAll(
  kube: KubeClient,
): Promise<readonly { readonly kind: ListableKind; readonly objects: readonly KubeObject[] }[]> {
  const kinds = (await kube.kinds()).filter(isRead);
  const found: { kind: ListableKind; objects: readonly KubeObject[] }[] = [];
  for (let first = 0; first < kinds.length; first += AT_A_TIME) {
    const some = kinds.slice(first, first + AT_A_TIME);
    found.push(...(await Promise.all(some.map(async (kind) => ({ kind, objects: await kube.list(kind) })))));
  }
  return found;
}

/** The newest version among objects, by the counter of the store. */
function revisionOf(objects: readonly KubeObject[]): string {
  const versions = objects.map(({ metadata }) => Number(metadata.resourceVersion ?? 0));
  return String(versions.reduce((left, right) => Math.max(left, right), 0));
}

/**
 * Everything that a cluster holds, as far as a rebuild must bring it back, by `core/inventory-rules.ts`. Two inventories
 * can be compared only when one process took both.
 * @throws UnfitError, ApiError when the API server does not answer for one of its kinds
 */
export async function takeInventory(
  kube: KubeClient,
  moment: InventoryData['moment'],
): Promise<InventoryData> {
  const found = await readAll(kube);
  const objects = found.flatMap((one) => one.objects);
  const system = objects.find(
    ({ kind, metadata }) => kind === 'Namespace' && metadata.name === 'kube-system',
  );
  if (system?.metadata.uid === undefined) {
    throw new UnfitError(`cluster ${kube.cluster} was listed without its namespace kube-system`);
  }
  const kinds = Object.fromEntries(
    found
      .filter(({ kind }) => kind.kind !== CLOCK_KIND)
      .map(({ kind, objects: of_kind }): [string, number] => [
        `${kind.api_version} ${kind.kind}`,
        of_kind.filter((object) => leftOut(object) === undefined).length,
      ]),
  );
  return {
    moment,
    cluster_uid: system.metadata.uid,
    revision: revisionOf(objects),
    kinds,
    objects: inventoryObjects(objects, mark),
  };
}

/** Takes an inventory and puts it into the timeline. Errors as `takeInventory`. */
export async function recordInventory(
  kube: KubeClient,
  moment: InventoryData['moment'],
  recorder: Recorder,
): Promise<InventoryData> {
  const data = await takeInventory(kube, moment);
  recorder.record({ source: 'recovery', kind: 'inventory', subject: `Cluster/${kube.cluster}`, data });
  return data;
}
