import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { removeDurably, writeDurably } from '#harness/lease/durable.ts';
import { OwnerSchema } from '#harness/lease/owner.ts';
import { stateFolder } from '#harness/process/paths.ts';
import { isClusterName } from './names.ts';
import type { PublishedService } from './types.ts';

const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const RecordSchema = v.pipe(
  v.object({
    name: v.pipe(v.string(), v.check(isClusterName, 'is no name of a cluster of Mettle')),
    uid: v.pipe(v.string(), v.minLength(1)),
    api_server: v.pipe(v.string(), v.url()),
    kubeconfig: v.string(),
    ports: v.object({
      gateway: Port,
      contour: Port,
      git: Port,
      postgres: Port,
      prometheus: Port,
      alertmanager: Port,
      chat: Port,
    } satisfies Record<PublishedService, typeof Port>),
    marker_id: v.pipe(v.string(), v.minLength(1)),
    owner: OwnerSchema,
    created_at: v.pipe(v.string(), v.isoTimestamp()),
    /** It outlives its run by the user's wish. */
    kept: v.boolean(),
    docker_host: v.optional(v.string()),
  }),
  v.readonly(),
);

/** What Mettle remembers of a cluster that it made: the identity that the guard demands. */
export type ClusterRecord = v.InferOutput<typeof RecordSchema>;

async function pathOf(name: string): Promise<string> {
  return join(await stateFolder('clusters'), `${name}.json`);
}

/** Path of the kubeconfig of a cluster alone; made when the cluster is. */
export async function kubeconfigOf(name: string): Promise<string> {
  return join(await stateFolder('clusters'), `${name}.kubeconfig`);
}

/** Path of the log of a cluster's making. */
export async function creationLogOf(name: string): Promise<string> {
  return join(await stateFolder('logs'), `${name}.log`);
}

export async function writeRecord(record: ClusterRecord): Promise<void> {
  await writeDurably(await pathOf(record.name), `${JSON.stringify(record, undefined, 2)}\n`);
}

export async function removeRecord(name: string): Promise<void> {
  await removeDurably(await pathOf(name));
}

/**
 * The record of a cluster, or undefined when Mettle made none of this name.
 * @throws UnfitError when the file is damaged
 */
export async function readRecord(name: string): Promise<ClusterRecord | undefined> {
  if (!isClusterName(name)) return undefined;
  const path = await pathOf(name);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return v.parse(RecordSchema, JSON.parse(text));
  } catch (cause) {
    throw new UnfitError(`The record ${path} of cluster ${name} is damaged: ${String(cause)}`, {
      cause,
      next: `Delete the cluster: mettle cluster delete ${name}`,
    });
  }
}

/** Names of all recorded clusters, in order. */
export async function recordedNames(): Promise<readonly string[]> {
  const files = await readdir(await stateFolder('clusters'));
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter(isClusterName)
    .sort();
}
