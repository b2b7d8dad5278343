import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { clusterName } from '#harness/cluster/names.ts';
import { type ClusterRecord, readRecord, recordedNames } from '#harness/cluster/record.ts';
import { RefusedError, UnfitError, UsageError } from '#harness/core/errors.ts';
import {
  type PlannedBackup,
  type PlannedStep,
  RECOVERED_KEY,
  type RebuildPlan,
  stepKey,
} from '#harness/core/rebuild-plan.ts';
import { type BackupMethod, REBUILD_STEPS } from '#harness/core/recovery.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import {
  type Backup,
  listBackups,
  newestUsable,
  objectionTo,
  type WantedBackup,
} from '#harness/database/backups.ts';
import { BACKUPS_ON_NODE } from '#harness/offsite/places.ts';
import { readDurations } from '../durations.ts';
import { readFleet, REPOSITORY } from './fleet-repository.ts';

export interface PlanOptions {
  /** Name of the cluster, with or without its prefix; the only one that can be rebuilt when absent. */
  readonly cluster?: string | undefined;
  /** Commit or branch of the repository; the newest commit when absent. */
  readonly revision?: string | undefined;
  /** What a backup must be to be restored. */
  readonly wanted: WantedBackup;
}

/** What the server in fixtures/images/bom.yaml can restore. */
export const SERVER: WantedBackup = { database: 'shop', server_major: 15 };

/** A cluster that Mettle made and keeps backups of. */
interface Rebuildable {
  readonly record: ClusterRecord;
  readonly making: NonNullable<ClusterRecord['making']>;
  /** Folder of the backups on this machine. */
  readonly store: string;
}

/**
 * Finds out what a cluster would be rebuilt from. It reads and touches nothing.
 * @throws UsageError when there is no such cluster or revision
 * @throws RefusedError when Mettle did not make it
 * @throws UnfitError when it keeps no backups, none can be restored, or the repository is empty
 */
export async function planRebuild({ cluster, revision, wanted }: PlanOptions): Promise<RebuildPlan> {
  const { record, making, store } = await chooseCluster(cluster);
  const repository = join(dirname(store), 'repositories', `${REPOSITORY}.git`);
  const { steps, ...fleet } = await readFleet(repository, { name: REPOSITORY, wanted: revision });
  const { method, backups } = await backupsIn(store);
  const chosen = newestUsable(backups, wanted);
  const log_until =
    method === 'wal' && chosen.note ? await newestLog(store, chosen.note.system_identifier) : undefined;
  const durations = readDurations();
  const expected_s = durations[RECOVERED_KEY];
  return {
    cluster: { name: record.name, nodes: making.nodes, node_image: making.node_image, ports: record.ports },
    ...fleet,
    database: {
      method,
      chosen: chosen.name,
      backups: await Promise.all(backups.map((backup) => plannedBackup(backup, wanted))),
      ...(log_until === undefined ? {} : { log_until }),
    },
    steps: plannedSteps(steps, durations),
    ...(expected_s === undefined ? {} : { expected_s }),
  };
}

async function chooseCluster(named: string | undefined): Promise<Rebuildable> {
  if (named !== undefined) return rebuildable(await recordOf(clusterName(named)));
  const records = await Promise.all((await recordedNames('made')).map((name) => recordOf(name)));
  const choices = records.filter((record) => storeOf(record) !== undefined);
  const [only] = choices;
  if (only !== undefined && choices.length === 1) return rebuildable(only);
  throw new UsageError(
    only === undefined
      ? 'there is no cluster that could be rebuilt: none keeps its backups off-site'
      : 'several clusters could be rebuilt',
    {
      next:
        only === undefined
          ? 'A scenario of recovery makes one, for as long as it runs: mettle run recovery/rebuild'
          : `Name one of ${choices.map(({ name }) => name).join(', ')}.`,
    },
  );
}

async function recordOf(name: string): Promise<ClusterRecord> {
  const record = await readRecord(name);
  if (record !== undefined) return record;
  const others = await recordedNames();
  throw new UsageError(`Mettle has no cluster ${name}`, {
    next: others.length === 0 ? 'There is none at all.' : `There are: ${others.join(', ')}.`,
  });
}

function storeOf({ making }: ClusterRecord): string | undefined {
  return making?.mounts.find(({ node_path }) => node_path === BACKUPS_ON_NODE)?.host_path;
}

function rebuildable(record: ClusterRecord): Rebuildable {
  const { making, name } = record;
  if (record.kind === 'adopted' || making === undefined) {
    throw new RefusedError(`Mettle did not make ${name}, so it cannot make it again`, {
      next: 'Rebuild it by the means that it was made by.',
    });
  }
  const store = storeOf(record);
  if (store === undefined) {
    throw new UnfitError(`${name} keeps no backups off-site: nothing of it would come back`, {
      next: 'A cluster that a scenario of recovery makes keeps them: mettle run recovery/rebuild',
    });
  }
  return { record, making, store };
}

/** A store holds backups of one kind: that of the component that was installed. */
async function backupsIn(
  store: string,
): Promise<{ readonly method: BackupMethod; readonly backups: readonly Backup[] }> {
  const dumps = await listBackups(store, 'dump');
  return dumps.length > 0
    ? { method: 'dump', backups: dumps }
    : { method: 'wal', backups: await listBackups(store, 'wal') };
}

async function plannedBackup(backup: Backup, wanted: WantedBackup): Promise<PlannedBackup> {
  const objection = objectionTo(backup, wanted);
  const { note } = backup;
  return {
    name: backup.name,
    taken_at: backup.taken_at,
    bytes: await bytesIn(backup.folder),
    ...(note ? { rows: Object.values(note.tables).reduce((sum, rows) => sum + rows, 0) } : {}),
    ...(objection === undefined ? {} : { objection }),
  };
}

/** A backup may be given up for a newer one while it is read: what is gone has no size. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** When the newest piece of the write-ahead log was stored; undefined where there is none. */
async function newestLog(store: string, system: string): Promise<EpochMs | undefined> {
  const folder = join(store, 'wal', system);
  const names = await readdir(folder).catch(() => []);
  const times = names.map(
    async (name) => (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0,
  );
  const newest = (await Promise.all(times)).reduce((latest, time) => Math.max(latest, time), 0);
  return newest === 0 ? undefined : newest;
}

/** The steps that every rebuild has, with those of its components in between. */
function plannedSteps(
  of_parts: readonly string[],
  durations: Readonly<Record<string, number>>,
): readonly PlannedStep[] {
  return REBUILD_STEPS.flatMap((name) => (name === 'flux' ? [name, ...of_parts] : [name])).map((name) => {
    const expected_s = durations[stepKey(name)];
    return { name, ...(expected_s === undefined ? {} : { expected_s }) };
  });
}
