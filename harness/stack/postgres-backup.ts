/**
 * PostgreSQL that outlives its cluster: backups go to a folder of the node that is kept elsewhere, and a volume that is
 * empty is filled from there.
 */
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { conditionOf } from '#harness/core/kstatus.ts';
import { at, type KubeObject, listAt, numberAt } from '#harness/core/kubernetes.ts';
import type { BackupMethod } from '#harness/core/recovery.ts';
import type { EpochMs } from '#harness/core/timeline.ts';
import { type Decision, parseDecisions } from '#harness/database/decisions.ts';
import { ApiError } from '#harness/kube/api.ts';
import type { Manifest, Value } from '#harness/kube/manifests.ts';
import { JOB } from '#harness/kube/recording.ts';
import type { Condition } from '#harness/kube/wait.ts';
import { type Component, component, manifestsOf, type StackContext } from './component.ts';
import { overlaid } from './overlay.ts';
import { DATABASE_POD, POSTGRES } from './postgres.ts';

/** Key of the password of whoever takes backups, in the database's Secret. */
const BACKUP_PASSWORD = 'backup-password';

/** What takes the backups, by schedule; and the Job that takes the first one of a cluster. */
export const BACKUP_CRON_JOB = {
  api_version: JOB.api_version,
  kind: 'CronJob',
  namespace: 'postgres',
  name: 'postgres-backup',
} as const;
const FIRST_BACKUP = 'postgres-first-backup';

/** How a database is backed up and restored. */
export interface PostgresBackup {
  readonly method: BackupMethod;
  /** The store, as the node that has the control plane knows it. It is there before the database is. */
  readonly store_node_path: string;
  /** A restore leaves out what was committed later. */
  readonly target_time?: EpochMs;
  /**
   * An empty volume may be begun with an empty database where the store was never used; true when absent. A store that
   * was in use and has no backup any more is refused in any case.
   */
  readonly allow_empty?: boolean;
  /** When backups are taken, as cron writes it; every minute when absent. */
  readonly schedule?: string;
  /** Backups that are kept; 3 when absent. */
  readonly keep?: number;
}

/** A commit waits this long, at most, for its part of the log to be stored. With what storing takes it is the recovery point. */
const ARCHIVE_TIMEOUT_S = 2;

const PROGRAM: Readonly<Record<BackupMethod, string>> = { wal: 'base', dump: 'dump' };

function valuesOf(backup: PostgresBackup): Readonly<Record<string, Value>> {
  const {
    method,
    store_node_path,
    target_time,
    allow_empty = true,
    schedule = '* * * * *',
    keep = 3,
  } = backup;
  if (!store_node_path.startsWith('/')) {
    throw new UsageError(`${store_node_path} is no folder of a node: its path begins with /`);
  }
  if (!Number.isInteger(keep) || keep < 1) throw new UsageError(`${keep} backups cannot be kept`);
  return {
    method,
    store_node_path,
    program: PROGRAM[method],
    archive_mode: method === 'wal' ? 'on' : 'off',
    archive_timeout_s: ARCHIVE_TIMEOUT_S,
    // Variables of a container are texts.
    allow_empty: allow_empty ? '1' : '0',
    target_time: target_time === undefined ? '' : new Date(target_time).toISOString(),
    schedule,
    keep: String(keep),
  };
}

/** A Job that does once what a CronJob does again and again; its first container is given further arguments. */
function jobOf(cron: KubeObject, name: string, args: readonly string[] = []): KubeObject {
  const spec = Object(at(cron, 'spec', 'jobTemplate', 'spec'));
  const [container, ...others] = listAt(spec, 'template', 'spec', 'containers');
  const first = args.length === 0 ? container : { ...Object(container), args };
  const template = Object(at(spec, 'template'));
  return {
    apiVersion: JOB.api_version,
    kind: JOB.kind,
    metadata: { name, namespace: BACKUP_CRON_JOB.namespace },
    spec: {
      ...spec,
      template: { ...template, spec: { ...Object(at(template, 'spec')), containers: [first, ...others] } },
    },
  };
}

/**
 * The component `postgres` with backups; it takes the place of the ordinary one.
 * @throws UsageError for a store that is no path, or fewer backups than one
 */
export function postgresWithBackup(backup: PostgresBackup): Component {
  const values = valuesOf(backup);
  const { generated } = POSTGRES.credentials;
  const base = component({
    ...POSTGRES,
    credentials: { ...POSTGRES.credentials, generated: [...generated, BACKUP_PASSWORD] },
  });
  const manifests: Component['manifests'] = async (ctx, others) => {
    const given = { ...values, ...others };
    const [own, changes, backups] = await Promise.all([
      base.manifests(ctx, others),
      manifestsOf(ctx, 'postgres-backup/changes', given),
      manifestsOf(ctx, 'postgres-backup', given),
    ]);
    const first = backups
      .filter(({ object }) => object.kind === 'CronJob')
      .map(({ object, position }): Manifest => ({ object: jobOf(object, FIRST_BACKUP), position }));
    return [...overlaid(own, changes), ...backups, ...first];
  };
  return {
    ...base,
    manifests,
    install: async (ctx) => {
      await ctx.kube.apply(await manifests(ctx));
    },
  };
}

/**
 * Takes a backup now, beside those of the schedule, and waits until it is complete.
 * @param name of the Job, which must be new
 * @param args for the program that takes it: pg_dump's own for a dump, none for a base backup
 * @throws DeadlineError when it is not complete in time
 * @throws UnfitError when the cluster takes no backups, or the Job fails
 */
export async function takeBackup(
  { kube, signal, progress }: StackContext,
  {
    name,
    args = [],
    deadline_s,
  }: { readonly name: string; readonly args?: readonly string[]; readonly deadline_s: number },
): Promise<void> {
  const cron = await kube.get(BACKUP_CRON_JOB);
  if (cron === undefined) {
    throw new UnfitError(`cluster ${kube.cluster} takes no backups of its database`, {
      next: 'Choose the component postgres with a backup.',
    });
  }
  const job = jobOf(cron, name, args);
  await kube.apply([
    { object: job, position: { file: 'harness/stack/postgres-backup.ts', line: 1, column: 1 } },
  ]);
  const { namespace } = BACKUP_CRON_JOB;
  const complete: Condition<true> = {
    awaited: `Job/${namespace}/${name} to be complete`,
    of: { ...JOB, namespace, name },
    test([object]) {
      if (object === undefined) return { met: false, seen: 'not there yet' };
      const failed = conditionOf(object, 'Failed');
      if (failed?.status === 'True') throw new UnfitError(`no backup was taken: ${failed.message}`);
      if (conditionOf(object, 'Complete')?.status === 'True') return { met: true, value: true };
      return { met: false, seen: `${numberAt(object, 'status', 'active') ?? 0} pods are at it` };
    },
  };
  await kube.waitFor(complete, { deadline_s, progress, ...(signal ? { signal } : {}) });
}

/**
 * What the restore into the database's volume decided on each backup, in its order; empty where that began empty.
 * While no container runs, for want of a backup that can be restored, it is read from the log of the last one.
 * @throws ApiError, UnfitError when the cluster does not answer
 */
export async function restoreDecisions({ kube }: StackContext): Promise<readonly Decision[]> {
  const { namespace, name: pod } = DATABASE_POD;
  const command = ['/bin/sh', '-c', 'cat /volume/restore.jsonl 2>/dev/null || true'];
  try {
    const { stdout } = await kube.exec({ namespace, pod, container: 'postgres', command });
    return parseDecisions(stdout);
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    const of = { container: 'postgres' };
    const log = await kube.logs(namespace, pod, of).catch(async (refused: unknown) => {
      if (!(refused instanceof ApiError)) throw refused;
      return await kube.logs(namespace, pod, { ...of, previous: true });
    });
    return parseDecisions(log);
  }
}
