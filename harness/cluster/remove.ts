import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { isAlive, OwnerSchema } from '#harness/lease/owner.ts';
import type { Receipt } from '#harness/lease/receipt.ts';
import { tryRun } from '#harness/process/run.ts';
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

/** Which daemon to ask; the same as when the cluster was made. */
export interface DockerPlace {
  readonly docker_host?: string | undefined;
}

const COMMAND_TIMEOUT_S = 60;
const ATTEMPTS = 40;
const PAUSE_MS = 500;
/** How long a kind that was killed with the harness may still take to let its last container appear. */
const AFTERMATH_MS = 3000;

/** Runs docker in a session of its own, so that a Ctrl-C does not interrupt the cleaning up. */
async function docker(args: readonly string[], place: DockerPlace): ReturnType<typeof tryRun> {
  return await tryRun(['docker', ...args], {
    timeout_s: COMMAND_TIMEOUT_S,
    detached: true,
    ...(place.docker_host === undefined ? {} : { env: { DOCKER_HOST: place.docker_host } }),
  });
}

async function listed(args: readonly string[], place: DockerPlace): Promise<readonly string[]> {
  const { exit_code, stdout, stderr } = await docker(args, place);
  if (exit_code !== 0) throw new UnfitError(`docker ${args[0]} did not answer: ${stderr.trim()}`);
  return stdout.split('\n').filter(Boolean);
}

/** Containers of a cluster's nodes. */
export async function nodeContainers(name: string, place: DockerPlace = {}): Promise<readonly string[]> {
  return await listed(
    ['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${KIND_LABEL}=${name}`],
    place,
  );
}

async function networks(name: string, place: DockerPlace): Promise<readonly string[]> {
  return await listed(['network', 'ls', '--quiet', '--filter', `label=${NETWORK_LABEL}=${name}`], place);
}

/** Removes what Docker holds of a cluster: containers with their volumes, then the network. */
async function removeFromDocker(name: string, place: DockerPlace): Promise<void> {
  let complaint = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const containers = await nodeContainers(name, place);
    const nets = await networks(name, place);
    if (containers.length === 0 && nets.length === 0) return;
    // Another process may be removing the same ones: what counts is that they are gone when asked again.
    if (containers.length > 0) {
      complaint = (await docker(['rm', '--force', '--volumes', ...containers], place)).stderr;
    } else {
      complaint = (await docker(['network', 'rm', ...nets], place)).stderr;
    }
    if (complaint !== '') await delay(PAUSE_MS);
  }
  throw new UnfitError(`Cluster ${name} could not be removed: ${complaint.trim()}`, {
    next: `Remove its containers by hand (docker ps --all --filter label=${KIND_LABEL}=${name}), then run: mettle cleanup`,
  });
}

/**
 * Removes a cluster and everything that was made for it. Done twice, or by two processes at once, it does no harm.
 * @throws UnfitError when Docker does not answer or does not let go
 */
export async function removeCluster(name: string, place: DockerPlace = {}): Promise<void> {
  await removeFromDocker(name, place);
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
