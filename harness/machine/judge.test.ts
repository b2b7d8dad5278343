import { expect, test } from 'vitest';
import { GIB } from './bytes.ts';
import type { MachineFacts } from './facts.ts';
import { judgeMachine } from './judge.ts';

const FIT: MachineFacts = {
  platform: 'linux',
  node_version: 'v24.1.0',
  go: { version: 'go1.26.8 linux/amd64', suffices: true },
  is_root: true,
  docker_host: undefined,
  daemon: {
    state: 'answers',
    info: {
      version: '20.10.24',
      cgroup_version: '2',
      default_runtime: 'runc',
      storage_driver: 'overlay2',
      root: '/var/lib/docker',
    },
  },
  privileged: { state: 'works' },
  has_sys_resource: true,
  file_systems: ['ext4', 'overlay'],
  iptables: 'works',
  disks: [{ path: '/cache', purpose: 'cache', free_bytes: 20 * GIB }],
  memory_available_bytes: 8 * GIB,
  cpus: 2,
  inotify: { instances: 128, watches: 8192 },
  free_ports: 5,
  missing_programs: { engine: [], build: [] },
  cache: { node_images: 0, kind: false, k6: false },
  leftovers: [],
};

const WARM = { node_images: 1, kind: true, k6: true };

function failing(changes: Partial<MachineFacts>): readonly string[] {
  return judgeMachine({ ...FIT, ...changes }).flatMap((check) => (check.ok ? [] : [check.id]));
}

test('a fit machine passes every check, and nothing is to be mended', () => {
  const checks = judgeMachine(FIT);
  expect(checks.filter(({ ok }) => !ok)).toStrictEqual([]);
  expect(new Set(checks.map(({ fix }) => fix))).toStrictEqual(new Set(['']));
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
});

const SILENT: MachineFacts['daemon'] = { state: 'silent', reason: 'connection refused' };
const BAD: readonly (readonly [string, Partial<MachineFacts>, readonly string[]])[] = [
  ['another system', { platform: 'darwin' }, ['system']],
  ['an old node', { node_version: 'v20.20.2' }, ['node']],
  ['no go', { go: 'absent' }, ['go']],
  ['an old go', { go: { version: 'go1.19.8', suffices: false } }, ['go']],
  [
    'no daemon',
    { daemon: SILENT, privileged: { state: 'untried' } },
    ['docker daemon', 'privileged containers', 'cgroups'],
  ],
  [
    'no privileged containers',
    { privileged: { state: 'fails', reason: 'unable to apply caps' } },
    ['privileged containers'],
  ],
  [
    'no overlay',
    { file_systems: [], daemon: SILENT, privileged: { state: 'untried' } },
    ['docker daemon', 'privileged containers', 'cgroups', 'overlay file system'],
  ],
  ['no iptables', { iptables: 'absent' }, ['iptables']],
  ['iptables without nat', { iptables: { complaint: 'Table does not exist' } }, ['iptables']],
  ['no disk', { disks: [{ path: '/cache', purpose: 'cache', free_bytes: 15 * GIB - 1 }] }, ['disk: cache']],
  [
    'no disk although warm',
    { cache: WARM, disks: [{ path: '/cache', purpose: 'cache', free_bytes: 5 * GIB - 1 }] },
    ['disk: cache'],
  ],
  ['little memory', { memory_available_bytes: 4 * GIB - 1 }, ['memory']],
  ['one processor', { cpus: 1 }, ['cpus']],
  ['few inotify instances', { inotify: { instances: 127, watches: 8192 } }, ['inotify']],
  ['few inotify watches', { inotify: { instances: 128, watches: 8191 } }, ['inotify']],
  ['few ports', { free_ports: 4 }, ['ports']],
  ['no mmdebstrap', { missing_programs: { engine: [], build: ['mmdebstrap'] } }, ['build tools']],
  ['leftovers', { leftovers: ['cluster mettle-1'] }, ['leftovers']],
];

test.each(BAD)('%s is found, and nothing else', (_, changes, ids) => {
  expect(failing(changes)).toStrictEqual(ids);
});

test.each(BAD)('%s is told with its fix', (_, changes) => {
  const bad = judgeMachine({ ...FIT, ...changes }).filter(({ ok }) => !ok);
  expect(bad.map(({ fix, found }) => fix !== '' && found !== '')).not.toContain(false);
});

test('with everything in the cache nothing is needed to build, and less disk', () => {
  const changes = {
    cache: WARM,
    go: 'absent',
    missing_programs: { engine: [], build: ['mmdebstrap'] },
    disks: [{ path: '/cache', purpose: 'cache', free_bytes: 5 * GIB }],
  } as const;
  expect(failing(changes)).toStrictEqual([]);
});

/** The fix of the first check that fails. */
function fixOf(changes: Partial<MachineFacts>): string {
  return judgeMachine({ ...FIT, ...changes }).find(({ ok }) => !ok)?.fix ?? '';
}

test('the fix fits the cause', () => {
  expect(fixOf({ daemon: SILENT, docker_host: 'tcp://127.0.0.1:1' })).toContain('DOCKER_HOST');
  expect(fixOf({ daemon: SILENT, is_root: false })).toContain('group docker');
  expect(fixOf({ daemon: SILENT, missing_programs: { engine: ['dockerd'], build: [] } })).toContain(
    'docker.io',
  );
  expect(fixOf({ privileged: { state: 'fails', reason: 'caps' }, has_sys_resource: false })).toContain(
    '--install',
  );
});
