import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { isAlive, OwnerSchema } from '#harness/lease/owner.ts';
import type { Receipt } from '#harness/lease/receipt.ts';
import { type DockerPlace, dockerAt, dockerLines, membersOf } from './docker-place.ts';
import { isClusterName, KIND_LABEL, NETWORK_LABEL } from './names.ts';
import { creationLogOf, kubeconfigOf, removeRecord } from './record.ts';

/** What a receipt of a cluster says about how to remove it. */
export const HealSchema = v.object({
  name: v.pipe(v.string(), v.check(isClusterName)),
  ports: v.array(v.number()),
  /** The daemon that it was made on, when that was not the default one. */
  docker_host: v.optional(v.string()),
  /** `creating` while kind may still be adding containers. */
  state: v.picklist(['creating', 'ready']),
  /** The kind that makes it, which a killed harness leaves behind. */
  maker: v.optional(OwnerSchema),
});

export type ClusterHeal = v.InferOutput<typeof HealSchema>;

const ATTEMPTS = 40;
const PAUSE_MS = 500;
/** How long a kind that was killed with the harness may still take to let its last container appear. */
const AFTERMATH_MS = 3000;

/** Containers of a cluster's nodes. */
export async function nodeContainers(name: string, place: DockerPlace = {}): Promise<readonly string[]> {
  const label = `label=${KIND_LABEL}=${name}`;
  return await dockerLines(place, ['ps', '--all', '--quiet', '--no-trunc', '--filter', label]);
}

/** The network that Mettle made for a cluster. */
export async function networksOf(name: string, place: DockerPlace = {}): Promise<readonly string[]> {
  return await dockerLines(place, ['network', 'ls', '--quiet', '--filter', `label=${NETWORK_LABEL}=${name}`]);
}

/** Repeats a removal until nothing is left: another process may be removing the same things at the same time. */
async function untilGone(
  name: string,
  look: () => Promise<readonly string[]>,
  remove: (found: readonly string[]) => Promise<string>,
): Promise<void> {
  let complaint = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await look();
    if (found.length === 0) return;
    complaint = await remove(found);
    if (complaint !== '') await delay(PAUSE_MS);
  }
  throw new UnfitError(`Cluster ${name} could not be removed: ${complaint.trim()}`, {
    next: `Remove its containers by hand (docker ps --all --filter label=${KIND_LABEL}=${name}), then run: mettle cleanup`,
  });
}

/**
 * Removes the containers of a cluster's nodes with their volumes. Its network, and what Mettle remembers of it, stay.
 * @throws UnfitError when Docker does not answer or does not let go
 */
export async function removeNodes(name: string, place: DockerPlace): Promise<void> {
  await untilGone(
    name,
    () => nodeContainers(name, place),
    async (found) => (await dockerAt(place, ['rm', '--force', '--volumes', ...found])).stderr,
  );
}

/** Removes networks. Whatever else was let in is let go: Docker removes no network that is in use. */
export async function removeNetworks(networks: readonly string[], place: DockerPlace): Promise<string> {
  let complaint = '';
  for (const network of networks) {
    const members = await membersOf(network, place).catch(() => []);
    for (const member of members) {
      await dockerAt(place, ['network', 'disconnect', '--force', network, member]);
    }
    complaint += (await dockerAt(place, ['network', 'rm', network])).stderr;
  }
  return complaint;
}

/**
 * Removes a cluster and everything that was made for it. Done twice, or by two processes at once, it does no harm.
 * @throws UnfitError when Docker does not answer or does not let go
 */
export async function removeCluster(name: string, place: DockerPlace = {}): Promise<void> {
  await removeNodes(name, place);
  await untilGone(
    name,
    () => networksOf(name, place),
    (found) => removeNetworks(found, place),
  );
  await rm(await kubeconfigOf(name), { force: true });
  await rm(`${await kubeconfigOf(name)}.lock`, { force: true });
  await rm(await creationLogOf(name), { force: true });
  await removeRecord(name);
}

/** Settles the receipt of a cluster. @throws as `removeCluster`; when the receipt does not say what to remove */
export async function healCluster(receipt: Receipt): Promise<void> {
  const heal = v.parse(HealSchema, receipt.heal);
  if (heal.maker && (await isAlive(heal.maker))) process.kill(heal.maker.pid, 'SIGKILL');
  await removeCluster(heal.name, heal);
  if (heal.state === 'creating') {
    await delay(AFTERMATH_MS);
    await removeCluster(heal.name, heal);
  }
}
