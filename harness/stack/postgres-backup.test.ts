import { describe, expect, test } from 'vitest';
import { UnfitError, UsageError } from '#harness/core/errors.ts';
import { at, type KubeObject, listAt, textAt } from '#harness/core/kubernetes.ts';
import { partialClient } from '#harness/kube/testing/partial-client.ts';
import type { Condition } from '#harness/kube/wait.ts';
import type { StackContext } from './component.ts';
import { type PostgresBackup, postgresWithBackup, restoreDecisions, takeBackup } from './postgres-backup.ts';
import { postgres } from './postgres.ts';
import { notingContext } from './testing/noting.ts';

const STORE = '/var/lib/mettle/offsite/backups';
const WAL: PostgresBackup = { method: 'wal', store_node_path: STORE };

async function objectsOf(backup: PostgresBackup): Promise<readonly KubeObject[]> {
  const { ctx, applied } = notingContext(['postgres']);
  await postgresWithBackup(backup).install(ctx);
  return applied;
}

function find(objects: readonly KubeObject[], kind: string): KubeObject {
  const found = objects.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
}

const server = (objects: readonly KubeObject[]): unknown =>
  at(find(objects, 'StatefulSet'), 'spec', 'template', 'spec', 'containers', 0);

const cronPod = (objects: readonly KubeObject[]): unknown =>
  at(find(objects, 'CronJob'), 'spec', 'jobTemplate', 'spec', 'template', 'spec');

const nameIn = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;

const envOf = (container: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(listAt(container, 'env').map((one) => [textAt(one, 'name'), at(one, 'value')]));

describe('PostgreSQL with backups', () => {
  test('is the ordinary one, and what it needs for them', async () => {
    const { ctx, applied: ordinary } = notingContext(['postgres']);
    await postgres.install(ctx);
    const objects = await objectsOf(WAL);
    expect(objects.map(nameIn)).toStrictEqual(
      expect.arrayContaining([
        ...ordinary.map(nameIn),
        'CronJob/postgres-backup',
        'Job/postgres-first-backup',
      ]),
    );
    expect(envOf(server(ordinary))).not.toHaveProperty('BACKUP_STORE');
    expect(envOf(server(objects))).toStrictEqual({
      ...envOf(server(ordinary)),
      BACKUP_STORE: '/backups',
      BACKUP_METHOD: 'wal',
      BACKUP_PASSWORD_FILE: '/etc/postgres-password/backup-password',
      ALLOW_EMPTY: '1',
      RECOVERY_TARGET_TIME: '',
    });
    expect(listAt(server(objects), 'args')).toContain('archive_mode=on');
    // What the ordinary one mounts is still mounted.
    const mounts = listAt(server(objects), 'volumeMounts').map((one) => textAt(one, 'mountPath'));
    expect(mounts).toStrictEqual([
      '/volume',
      '/etc/postgres',
      '/etc/postgres-password',
      '/run/postgresql',
      '/tmp',
      '/backups',
    ]);
    expect(Object.keys(Object(at(find(objects, 'Secret'), 'data'))).sort()).toStrictEqual([
      'backup-password',
      'database',
      'password',
      'user',
    ]);
  });

  test.each([
    ['wal', 'backup-base', 'archive_mode=on'],
    ['dump', 'backup-dump', 'archive_mode=off'],
  ] as const)('%s is taken by %s', async (method, program, archiving) => {
    const objects = await objectsOf({ method, store_node_path: STORE, allow_empty: false, keep: 5 });
    const container = at(cronPod(objects), 'containers', 0);
    expect(at(container, 'command')).toStrictEqual([`/usr/local/bin/${program}`]);
    expect(envOf(container)).toMatchObject({ KEEP: '5', PGHOST: 'postgres' });
    expect(listAt(server(objects), 'args')).toContain(archiving);
    expect(envOf(server(objects))).toMatchObject({ BACKUP_METHOD: method, ALLOW_EMPTY: '0' });
    for (const one of [server(objects), container]) {
      // The API server takes no other values of variables.
      for (const value of Object.values(envOf(one))) expect(value).toBeTypeOf('string');
      expect(Object.values(envOf(one)).join(' ')).not.toContain('${');
    }
  });

  test('what takes them has no rights, and no password among its variables', async () => {
    const objects = await objectsOf(WAL);
    const pod = cronPod(objects);
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          image: 'localhost/mettle/postgres:1',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    });
    const secrets = Object.values(Object(at(find(objects, 'Secret'), 'data')));
    for (const secret of secrets.filter((one) => String(one).length > 20)) {
      const plain = Buffer.from(String(secret), 'base64').toString();
      const others = objects.filter(({ kind }) => kind !== 'Secret');
      expect(JSON.stringify(others)).not.toContain(plain);
    }
    expect(at(find(objects, 'Job'), 'spec', 'template', 'spec')).toStrictEqual(pod);
  });

  test('the moment of a restore is told with its zone', async () => {
    const objects = await objectsOf({ ...WAL, target_time: Date.UTC(2026, 10, 21, 14, 32, 46, 136) });
    expect(envOf(server(objects))['RECOVERY_TARGET_TIME']).toBe('2026-11-21T14:32:46.136Z');
  });

  test('a store that is no path, and no backup kept, are refused', () => {
    expect(() => postgresWithBackup({ ...WAL, store_node_path: 'backups' })).toThrow(UsageError);
    expect(() => postgresWithBackup({ ...WAL, keep: 0 })).toThrow(UsageError);
  });
});

/** Takes a backup on a cluster that has this CronJob, or none, and whose Job comes to these conditions. */
async function taking(cluster: { readonly cron?: KubeObject; readonly conditions?: readonly object[] }) {
  const applied: KubeObject[] = [];
  const kube = partialClient({
    get: async () => cluster.cron,
    apply: async (manifests) => {
      applied.push(...manifests.map(({ object }) => object));
      return [];
    },
    waitFor: async <T>(condition: Condition<T>) => {
      const [job] = applied;
      const finding = condition.test(job ? [{ ...job, status: { conditions: cluster.conditions } }] : []);
      if (finding.met) return finding.value;
      throw new Error(`not met: ${finding.seen}`);
    },
  });
  const ctx: StackContext = { kube, artifacts: { images: {} }, components: [], progress: () => undefined };
  await takeBackup(ctx, { name: 'now', args: ['--exclude-table=a.b'], deadline_s: 1 });
  return applied;
}

describe('a backup that is taken at once', () => {
  test('is what the schedule takes, with further arguments', async () => {
    const cron = find(await objectsOf({ ...WAL, method: 'dump' }), 'CronJob');
    const [job] = await taking({ cron, conditions: [{ type: 'Complete', status: 'True' }] });
    expect(job).toMatchObject({
      kind: 'Job',
      metadata: { name: 'now', namespace: 'postgres' },
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ command: ['/usr/local/bin/backup-dump'], args: ['--exclude-table=a.b'] }],
          },
        },
      },
    });
  });

  test('fails when its Job does, when it is not complete, and where nothing takes backups', async () => {
    const cron = find(await objectsOf(WAL), 'CronJob');
    const failed = [{ type: 'Failed', status: 'True', message: 'backoff limit' }];
    await expect(taking({ cron, conditions: failed })).rejects.toThrow('no backup was taken: backoff limit');
    await expect(taking({ cron, conditions: [] })).rejects.toThrow('not met');
    await expect(taking({})).rejects.toThrow(UnfitError);
  });
});

const line = (state: string): string =>
  `{"at":"2026-11-21T14:32:55.821Z","backup":"20261121T143246Z","method":"wal","state":"${state}","taken_at":"2026-11-21T14:32:46.136Z","note":"n"}`;

const readFrom = async (given: Parameters<typeof partialClient>[0]) => {
  const kube = partialClient(given);
  const decided = await restoreDecisions({
    kube,
    artifacts: { images: {} },
    components: [],
    progress: () => undefined,
  });
  return decided.map(({ state }) => state);
};

const noContainer = async (): Promise<never> => {
  throw new UnfitError('no container runs');
};

test('the decisions of a restore are read from its volume, and from the log while no container runs', async () => {
  const stdout = `${line('refused')}\n${line('restored')}\n`;
  expect(await readFrom({ exec: async () => ({ exit_code: 0, stdout, stderr: '' }) })).toStrictEqual([
    'refused',
    'restored',
  ]);
  expect(
    await readFrom({ exec: noContainer, logs: async () => `2026-11-21T14:32:55Z ${line('refused')}` }),
  ).toStrictEqual(['refused']);
});
