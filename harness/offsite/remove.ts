import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { type DockerPlace, dockerAt, dockerLines } from '#harness/cluster/docker-place.ts';
import { removeNetworks } from '#harness/cluster/remove.ts';
import { CleanupError } from '#harness/core/errors.ts';
import type { Receipt } from '#harness/lease/receipt.ts';
import { isOffsiteId, OFFSITE_LABEL, offsiteFolder, SHARED } from './places.ts';

/** What a receipt of kind `offsite` says about how to remove it. */
export const HealSchema = v.object({
  id: v.pipe(v.string(), v.check(isOffsiteId)),
  /** Of the Git server: it has the commands to remove what users of containers have written. */
  image: v.string(),
  docker_host: v.optional(v.string()),
  /** `creating` while Docker may still be making what it was asked for by a process that is gone. */
  state: v.picklist(['creating', 'ready']),
});

export type OffsiteHeal = v.InferOutput<typeof HealSchema>;

const ATTEMPTS = 40;
const PAUSE_MS = 250;
/** How long after its client's death Docker may still take to let a container appear. */
const AFTERMATH_MS = 3000;

async function containersOf(id: string, place: DockerPlace): Promise<readonly string[]> {
  return await dockerLines(place, [
    'ps',
    '--all',
    '--quiet',
    '--no-trunc',
    '--filter',
    `label=${OFFSITE_LABEL}=${id}`,
  ]);
}

async function networksOf(id: string, place: DockerPlace): Promise<readonly string[]> {
  return await dockerLines(place, [
    'network',
    'ls',
    '--quiet',
    '--no-trunc',
    '--filter',
    `label=${OFFSITE_LABEL}=${id}`,
  ]);
}

async function removeFromDocker(id: string, place: DockerPlace): Promise<void> {
  let complaint = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const containers = await containersOf(id, place);
    const networks = await networksOf(id, place);
    if (containers.length === 0 && networks.length === 0) return;
    // Another process may be removing the same ones: what counts is that they are gone when asked again.
    complaint =
      containers.length > 0
        ? (await dockerAt(place, ['rm', '--force', '--volumes', ...containers])).stderr
        : '';
    complaint += await removeNetworks(networks, place);
    if (complaint !== '') await delay(PAUSE_MS);
  }
  throw new CleanupError(`What is off-site as ${id} could not be removed: ${complaint.trim()}`, {
    next: `Remove it by hand (docker ps --all --filter label=${OFFSITE_LABEL}=${id}), then run: mettle cleanup`,
  });
}

/** Removes, as root of a container, what a plain user may not: files that users of containers have written. */
export async function removeShared(
  folder: string,
  { id, image, ...place }: Pick<OffsiteHeal, 'id' | 'image' | 'docker_host'>,
): Promise<void> {
  const { exit_code, stderr } = await dockerAt(place, [
    'run',
    '--rm',
    '--network=none',
    '--user=0',
    `--label=${OFFSITE_LABEL}=${id}`,
    `--volume=${folder}:/offsite`,
    '--entrypoint=/bin/rm',
    image,
    '--recursive',
    '--force',
    ...SHARED.map((name) => `/offsite/${name}`),
  ]);
  if (exit_code === 0) return;
  throw new CleanupError(`${folder} could not be removed: ${stderr.trim()}`, {
    next: 'Remove it as root, then run: mettle cleanup',
  });
}

async function removeFolder(heal: OffsiteHeal): Promise<void> {
  const folder = await offsiteFolder(heal.id);
  // A pod of a cluster that is being removed at the same time may write until the last moment.
  const remove = (): Promise<void> =>
    rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  try {
    await remove();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    await removeShared(folder, heal);
    await remove();
  }
}

/**
 * Removes everything that is off-site under an id: containers, network, folder. Done twice, or by two processes at once, it
 * does no harm.
 * @throws UnfitError when Docker does not answer, CleanupError when something cannot be removed
 */
export async function removeOffsite(heal: OffsiteHeal): Promise<void> {
  await removeFromDocker(heal.id, heal);
  await removeFolder(heal);
}

/** Settles a receipt of kind `offsite`. @throws as `removeOffsite`; when the receipt does not say what to remove */
export async function healOffsite(receipt: Receipt): Promise<void> {
  const heal = v.parse(HealSchema, receipt.heal);
  await removeOffsite(heal);
  if (heal.state === 'creating') {
    await delay(AFTERMATH_MS);
    await removeOffsite(heal);
  }
}
