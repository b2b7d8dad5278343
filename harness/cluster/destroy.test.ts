import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { thisProcess } from '#harness/lease/owner.ts';
import { readReceipts } from '#harness/lease/receipt.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { recreateCluster } from './create.ts';
import { debtOf, noteDebt } from './debt.ts';
import { destroyCluster, type LostCluster, mustStay } from './destroy.ts';
import { kindConfig } from './kind-config.ts';
import { claimPorts } from './ports.ts';
import { type ClusterRecord, readRecord, writeRecord } from './record.ts';

useFreshState();

const PORTS = {
  gateway: 20_001,
  contour: 20_005,
  git: 20_006,
  postgres: 20_007,
  prometheus: 20_002,
  alertmanager: 20_003,
  chat: 20_004,
};
const MAKING = {
  node_image: 'localhost/mettle/node:1',
  kind: '/nowhere/kind',
  nodes: 2,
  mounts: [{ host_path: '/nowhere/backups', node_path: '/var/lib/mettle/offsite/backups' }],
};
const RECORD: ClusterRecord = {
  name: 'mettle-1a2b',
  uid: 'uid-1',
  // Nothing listens there: whoever asks is told so.
  api_server: 'https://127.0.0.1:1',
  kubeconfig: '/nowhere/kubeconfig',
  ports: PORTS,
  marker_id: 'marker-1',
  owner: { pid: 1, start_time: '1', boot_id: 'b' },
  created_at: '2026-01-02T03:04:05.000Z',
  kept: false,
  kind: 'made',
  making: MAKING,
};
const LOST: LostCluster = {
  name: RECORD.name,
  uid: RECORD.uid,
  debt_id: '1a2b',
  ports: { api_server: 1, ...PORTS },
  making: MAKING,
  kept: false,
  destroyed_at: 0,
};
const quiet = { progress: () => undefined, signal: new AbortController().signal };

test('folders of the machine are given to every node', () => {
  const config = (nodes: number): { nodes: unknown[] } =>
    parse(kindConfig('mettle-x', LOST.ports, nodes, MAKING.mounts));
  const extraMounts = [{ hostPath: '/nowhere/backups', containerPath: '/var/lib/mettle/offsite/backups' }];
  expect(config(1)).toMatchObject({ nodes: [{ role: 'control-plane', extraMounts }] });
  expect(config(3).nodes).toHaveLength(3);
  for (const node of config(3).nodes) expect(node).toMatchObject({ extraMounts });
  expect(kindConfig('mettle-x', LOST.ports, 3)).not.toContain('extraMounts');
});

test('what a cluster was made of is remembered', async () => {
  await writeRecord(RECORD);
  await expect(readRecord(RECORD.name)).resolves.toStrictEqual(RECORD);
});

describe('a cluster is destroyed', () => {
  test.each([
    ['that Mettle made for this run', { kind: 'made', kept: false }, 7, 'may go'],
    ['that was left by a dead run', { kind: 'made', kept: false }, undefined, 'may go'],
    ['that was kept', { kind: 'made', kept: true }, 8, 'may go'],
    ['never, when it was adopted', { kind: 'adopted', kept: true }, undefined, 'never destroys'],
    ['never, when it was adopted in this run', { kind: 'adopted', kept: false }, 7, 'never destroys'],
    ['never, when another run uses it', { kind: 'made', kept: false }, 8, 'run of process 8'],
    ['never, when Mettle does not know it', undefined, undefined, 'no record'],
  ] as const)('%s', (_, record, user, why) => {
    expect(mustStay(record, user, 7) ?? 'may go').toContain(why);
  });

  test.each([
    ['one without a record', undefined, 'no record'],
    ['an adopted one', { ...RECORD, kind: 'adopted' as const, kept: true }, 'never destroys'],
    ['one of another UID', { ...RECORD, uid: 'uid-2' }, 'taken its place'],
    ['one elsewhere', { ...RECORD, api_server: 'https://10.0.0.1:6443' }, 'was made at'],
    ['one that cannot be made again', { ...RECORD, making: undefined }, 'cannot be made again'],
  ])('%s is refused, and nothing is owed', async (_, record, why) => {
    if (record !== undefined) await writeRecord(record);
    await expect(destroyCluster(RECORD)).rejects.toThrow(why);
    await expect(readReceipts()).resolves.toMatchObject({ receipts: [] });
  });
});

describe('a lost cluster', () => {
  test('keeps its ports until it is made again', async () => {
    await noteDebt({ id: '1a2b', name: RECORD.name, ports: LOST.ports, place: {} }, 'ready');
    await expect(debtOf(RECORD.name)).resolves.toBe('1a2b');
    await expect(
      claimPorts(['gateway'], { gateway: PORTS.gateway }, () => Promise.resolve()),
    ).rejects.toThrow('Port 20001');
  });

  test('has one receipt, which says what is being done', async () => {
    const debt = { id: '1a2b', name: RECORD.name, ports: LOST.ports, place: {} };
    await noteDebt(debt, 'ready');
    await noteDebt(debt, 'creating', await thisProcess());
    const { receipts } = await readReceipts();
    expect(receipts).toMatchObject([
      {
        id: 'cluster-1a2b',
        subject: RECORD.name,
        heal: { name: RECORD.name, state: 'creating', maker: { pid: process.pid } },
      },
    ]);
  });

  test.each([
    ['removed meanwhile', undefined, '1a2b'],
    ['made again already', { ...RECORD, uid: 'uid-2' }, '1a2b'],
    ['owed to nobody', RECORD, undefined],
    ['owed by another receipt', RECORD, '3c4d'],
  ])('that was %s is not made again', async (_, record, debt_id) => {
    if (record !== undefined) await writeRecord(record);
    if (debt_id !== undefined) {
      await noteDebt({ id: debt_id, name: RECORD.name, ports: LOST.ports, place: {} }, 'ready');
    }
    await expect(recreateCluster(LOST, quiet)).rejects.toThrow('not the one that was destroyed');
  });
});
