import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { UnfitError } from '#harness/core/errors.ts';
import { removeDurably, writeDurably } from '#harness/lease/durable.ts';
import { OwnerSchema } from '#harness/lease/owner.ts';
import { stateFiles, stateFolder } from '#harness/process/paths.ts';
import { isClusterName } from './names.ts';
import type { PublishedService } from './types.ts';

const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const MakingSchema = v.pipe(
  v.object({
    /** Reference of the nodes' image. */
    node_image: v.string(),
    /** Path of the program kind. */
    kind: v.string(),
    /** The control plane and the workers beside it. */
    nodes: v.pipe(v.number(), v.integer(), v.minValue(1)),
    mounts: v.pipe(
      v.array(v.pipe(v.object({ host_path: v.string(), node_path: v.string() }), v.readonly())),
      v.readonly(),
    ),
  }),
  v.readonly(),
);

/** What a cluster was made of, so that it can be made again the same. */
export type Making = v.InferOutput<typeof MakingSchema>;

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
    /** `adopted`: a person made it and gave it to Mettle to act on; Mettle never removes it. */
    kind: v.optional(v.picklist(['made', 'adopted']), 'made'),
    /** The containers of its nodes, where it is an adopted one that Docker here runs. */
    nodes: v.optional(v.array(v.string())),
    /** Absent for adopted clusters, which Mettle cannot make. */
    making: v.optional(MakingSchema),
  }),
  v.readonly(),
);

/** What Mettle remembers of a cluster that it made or adopted: the identity that the guard demands. */
export type ClusterRecord = v.InferOutput<typeof RecordSchema>;

/**
 * Adopted clusters have files of another name, so that even a damaged one of theirs is never taken for that of a cluster
 * which Mettle may remove.
 */
const SUFFIX = { made: '.json', adopted: '.adopted.json' } as const;
type Kind = keyof typeof SUFFIX;

async function pathOf(name: string, kind: Kind): Promise<string> {
  return join(await stateFolder('clusters'), `${name}${SUFFIX[kind]}`);
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
  await writeDurably(await pathOf(record.name, record.kind), `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Forgets a cluster. One that is adopted is forgotten only when that is what is meant. */
export async function removeRecord(name: string, kind: Kind = 'made'): Promise<void> {
  await removeDurably(await pathOf(name, kind));
}

/**
 * The record of a cluster, or undefined when Mettle neither made nor adopted one of this name.
 * @throws UnfitError when the file is damaged
 */
export async function readRecord(name: string): Promise<ClusterRecord | undefined> {
  if (!isClusterName(name)) return undefined;
  return (await readKind(name, 'made')) ?? (await readKind(name, 'adopted'));
}

async function readKind(name: string, kind: Kind): Promise<ClusterRecord | undefined> {
  const path = await pathOf(name, kind);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const record = v.parse(RecordSchema, JSON.parse(text));
    if (record.kind !== kind) throw new Error(`it says that the cluster is ${record.kind}`);
    return record;
  } catch (cause) {
    throw new UnfitError(`The record ${path} of cluster ${name} is damaged: ${String(cause)}`, {
      cause,
      next:
        kind === 'made'
          ? `Delete the cluster: mettle cluster delete ${name}`
          : `Forget the cluster (it stays as it is): mettle cluster release ${name}`,
    });
  }
}

/** Names of all recorded clusters of a kind, in order; of both when none is named. */
export async function recordedNames(kind?: Kind): Promise<readonly string[]> {
  const files = (await stateFiles('clusters')).map((path) => basename(path));
  const kinds: readonly Kind[] = kind === undefined ? ['made', 'adopted'] : [kind];
  const names = kinds.flatMap((one) =>
    files
      .filter((file) => file.endsWith(SUFFIX[one]))
      .map((file) => file.slice(0, -SUFFIX[one].length))
      .filter(isClusterName),
  );
  return [...new Set(names)].sort();
}
