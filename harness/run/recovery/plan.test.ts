import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeRecord } from '#harness/cluster/record.ts';
import { RefusedError, UnfitError, UsageError } from '#harness/core/errors.ts';
import { Timeline, type TimelineRecord } from '#harness/core/timeline.ts';
import { thisProcess } from '#harness/lease/owner.ts';
import { BACKUPS_ON_NODE } from '#harness/offsite/places.ts';
import { stateFolder } from '#harness/process/paths.ts';
import { run } from '#harness/process/run.ts';
import { readDurations } from '../durations.ts';
import { planRebuild, SERVER } from './plan.ts';
import { rememberRecovery } from './remember.ts';

const kept_env = { state: process.env['XDG_STATE_HOME'], cache: process.env['XDG_CACHE_HOME'] };
let folder = '';
let offsite = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-plan-'));
  process.env['XDG_STATE_HOME'] = join(folder, 'state');
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
  offsite = join(await stateFolder('offsite'), 'dr');
  await mkdir(join(offsite, 'repositories'), { recursive: true });
  await mkdir(join(offsite, 'backups'), { recursive: true });
});

afterEach(async () => {
  for (const [name, value] of [
    ['XDG_STATE_HOME', kept_env.state],
    ['XDG_CACHE_HOME', kept_env.cache],
  ] as const) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await rm(folder, { recursive: true, force: true });
});

const PORTS = {
  gateway: 8080,
  contour: 8081,
  git: 8082,
  postgres: 8083,
  prometheus: 8084,
  alertmanager: 8085,
  chat: 8086,
};

async function cluster(
  name = 'mettle-dr',
  change: Partial<Parameters<typeof writeRecord>[0]> = {},
): Promise<void> {
  await writeRecord({
    name,
    uid: 'uid',
    api_server: 'https://127.0.0.1:6443',
    kubeconfig: '/nowhere',
    ports: PORTS,
    marker_id: 'marker',
    owner: await thisProcess(),
    created_at: new Date().toISOString(),
    kept: false,
    kind: 'made',
    making: {
      node_image: 'mettle/node:1.34.3',
      kind: '/nowhere/kind',
      nodes: 1,
      mounts: [{ host_path: join(offsite, 'backups'), node_path: BACKUPS_ON_NODE }],
    },
    ...change,
  });
}

async function git(...args: readonly string[]): Promise<string> {
  const env = {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'T',
    GIT_AUTHOR_EMAIL: 't@mettle.test',
    GIT_COMMITTER_NAME: 'T',
    GIT_COMMITTER_EMAIL: 't@mettle.test',
  };
  return (await run(['git', ...args], { cwd: folder, env })).stdout.trim();
}

/** The repository, with these files or without any commit. @returns the commit */
async function repository(files?: Readonly<Record<string, string>>): Promise<string> {
  const bare = join(offsite, 'repositories', 'fleet.git');
  await git('init', '--quiet', '--bare', '--initial-branch=main', bare);
  if (files === undefined) return '';
  const copy = join(folder, 'copy');
  await git('init', '--quiet', '--initial-branch=main', copy);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(copy, path, '..'), { recursive: true });
    await writeFile(join(copy, path), content);
  }
  await git('-C', copy, 'add', '--all');
  await git('-C', copy, 'commit', '--quiet', '--message=The whole cluster');
  await git('-C', copy, 'push', '--quiet', bare, 'main');
  return await git('-C', copy, 'rev-parse', 'HEAD');
}

const FLEET = {
  'clusters/mettle/traefik.yaml': 'kind: Kustomization\n',
  'definitions/traefik/things.yaml': 'kind: CustomResourceDefinition\n',
  'components/traefik/objects.yaml': 'spec:\n  image: registry.test/mettle/traefik:3.6.1\n',
  'components/postgres/objects.yaml':
    'containers:\n  - image: "mettle/postgres:15"\n  - image: "mettle/postgres:15"\n',
  'components/alerts/rules.yaml': 'kind: ConfigMap\n',
  'apps/shop/objects.yaml': 'image: mettle/shop:1\n',
};

async function backup(name: string, server_version = 150_014): Promise<void> {
  const place = join(offsite, 'backups', 'base', name);
  await mkdir(join(place, 'data'), { recursive: true });
  await writeFile(join(place, 'data', 'PG_VERSION'), '15\n'.repeat(1024));
  const note = {
    method: 'wal',
    started: '2026-01-15T10:00:00.000Z',
    ended: '2026-01-15T10:00:01.000Z',
    server_version,
    system_identifier: '7',
    database: 'shop',
    tables: { 'shop_run.orders': 1200, 'shop_run.other': 34 },
  };
  await writeFile(join(place, 'note.json'), JSON.stringify(note));
}

describe('planRebuild', () => {
  it('says what would be rebuilt from what', async () => {
    await cluster();
    const revision = await repository(FLEET);
    await backup('20260115T095900Z');
    await backup('20260115T100000Z');
    await backup('20260115T100100Z', 170_002);
    await mkdir(join(offsite, 'backups', 'wal', '7'), { recursive: true });
    await writeFile(join(offsite, 'backups', 'wal', '7', '000000010000000000000001'), '');
    const plan = await planRebuild({ wanted: SERVER });
    expect(plan).toMatchObject({
      cluster: { name: 'mettle-dr', nodes: 1, ports: PORTS },
      repository: { name: 'fleet', revision, message: 'The whole cluster' },
      components: [
        { name: 'alerts', images: [] },
        { name: 'postgres', images: ['postgres:15'] },
        { name: 'traefik', images: ['traefik:3.6.1'] },
        { name: 'shop', path: 'apps/shop', images: ['shop:1'] },
      ],
      database: { method: 'wal', chosen: '20260115T100000Z' },
    });
    expect(plan.steps.map(({ name }) => name)).toEqual([
      'cluster',
      'flux',
      'definitions/traefik',
      'component/alerts',
      'component/postgres',
      'component/traefik',
      'component/shop',
      'restore',
      'first answer',
      'steady',
    ]);
    expect(plan.database.backups[0]).toMatchObject({ objection: expect.stringContaining('PostgreSQL 17') });
    expect(plan.database.backups[1]).toMatchObject({ rows: 1234 });
    expect(plan.database.log_until).toBeGreaterThan(Date.now() - 60_000);
  });

  it('knows what steps took before', async () => {
    await cluster();
    await repository(FLEET);
    await backup('20260115T100000Z');
    rememberRecovery(new Timeline(RECOVERED));
    expect(readDurations()).toEqual({
      'recovery: cluster': 11.4,
      'recovery: steady': 10,
      'recovery: recovered': 70,
    });
    const plan = await planRebuild({ cluster: 'dr', wanted: SERVER });
    expect(plan.expected_s).toBe(70);
    expect(plan.steps.find(({ name }) => name === 'cluster')?.expected_s).toBe(11.4);
    expect(plan.steps.find(({ name }) => name === 'flux')).toEqual({ name: 'flux' });
  });

  it('takes the revision that is named', async () => {
    await cluster();
    const revision = await repository(FLEET);
    await backup('20260115T100000Z');
    const plan = await planRebuild({ wanted: SERVER, revision: revision.slice(0, 10) });
    expect(plan.repository.revision).toBe(revision);
    const none = planRebuild({ wanted: SERVER, revision: 'deadbeef' });
    await expect(none).rejects.toThrow(UsageError);
    await expect(none).rejects.toThrow('has no revision deadbeef');
    await expect(planRebuild({ wanted: SERVER, revision: '--all' })).rejects.toThrow(UsageError);
  });

  it('refuses a cluster that there is not, and names those that there are', async () => {
    await expect(planRebuild({ cluster: 'other', wanted: SERVER })).rejects.toMatchObject({
      name: 'UsageError',
      message: 'Mettle has no cluster mettle-other',
      next: 'There is none at all.',
    });
    await expect(planRebuild({ wanted: SERVER })).rejects.toThrow(/no cluster that could be rebuilt/);
    await cluster();
    await cluster('mettle-two');
    await expect(planRebuild({ wanted: SERVER })).rejects.toMatchObject({
      next: 'Name one of mettle-dr, mettle-two.',
    });
  });

  it('refuses a cluster that Mettle did not make, and one that keeps nothing off-site', async () => {
    await cluster('mettle-theirs', { kind: 'adopted', making: undefined });
    await expect(planRebuild({ cluster: 'theirs', wanted: SERVER })).rejects.toThrow(RefusedError);
    await cluster('mettle-plain', {
      making: { node_image: 'n', kind: 'k', nodes: 1, mounts: [] },
    });
    await expect(planRebuild({ cluster: 'plain', wanted: SERVER })).rejects.toThrow(/no backups off-site/);
  });

  it.each<[what: string, files: Readonly<Record<string, string>> | undefined, says: RegExp]>([
    ['an empty repository', undefined, /the repository fleet is empty/],
    ['a repository of something else', { 'README.md': 'x' }, /has no folder clusters\/mettle/],
  ])('refuses %s', async (_what, files, says) => {
    await cluster();
    await repository(files);
    await backup('20260115T100000Z');
    const refused = planRebuild({ wanted: SERVER });
    await expect(refused).rejects.toThrow(UnfitError);
    await expect(refused).rejects.toThrow(says);
  });

  it('refuses where there is no repository, no backup, or none that can be restored', async () => {
    await cluster();
    await expect(planRebuild({ wanted: SERVER })).rejects.toThrow(/the repository fleet cannot be read/);
    await repository(FLEET);
    await expect(planRebuild({ wanted: SERVER })).rejects.toThrow('there is no backup of the database');
    await backup('20260115T100000Z', 180_000);
    await expect(planRebuild({ wanted: SERVER })).rejects.toThrow(
      /no backup of the database can be restored/,
    );
  });
});

function stepRecord(at: number, subject: string, state: 'started' | 'done' | 'failed'): TimelineRecord {
  return { seq: at, at, source: 'recovery', kind: 'step', subject, data: { state, note: '' } };
}

const RECOVERED: readonly TimelineRecord[] = [
  {
    seq: 1,
    at: 1000,
    source: 'recovery',
    kind: 'destroyed',
    subject: 'c',
    data: { what: 'cluster', how: '' },
  },
  stepRecord(2000, 'cluster', 'started'),
  stepRecord(13_400, 'cluster', 'done'),
  stepRecord(14_000, 'flux', 'started'),
  stepRecord(15_000, 'flux', 'failed'),
  stepRecord(61_000, 'steady', 'started'),
  stepRecord(71_000, 'steady', 'done'),
];
