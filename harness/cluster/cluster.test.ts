import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { thisProcess } from '#harness/lease/owner.ts';
import { writeReceipt } from '#harness/lease/receipt.ts';
import { useFreshState } from '#harness/lease/testing/state.ts';
import { stateFolder } from '#harness/process/paths.ts';
import { deleteCluster } from './clusters.ts';
import { parsePorts, publishedServices } from './docker-ports.ts';
import { guardCluster, impostor, isLoopback } from './guard.ts';
import { kindConfig } from './kind-config.ts';
import { clusterName, isClusterName } from './names.ts';
import { claimPorts, clashingPort } from './ports.ts';
import { type ClusterRecord, readRecord, recordedNames, removeRecord, writeRecord } from './record.ts';

useFreshState();

const RECORD: ClusterRecord = {
  name: 'mettle-1a2b',
  uid: 'uid-1',
  api_server: 'https://127.0.0.1:20000',
  kubeconfig: '/nowhere/kubeconfig',
  ports: {
    gateway: 20_001,
    contour: 20_005,
    git: 20_006,
    postgres: 20_007,
    prometheus: 20_002,
    alertmanager: 20_003,
    chat: 20_004,
  },
  marker_id: 'marker-1',
  owner: { pid: 1, start_time: '1', boot_id: 'b' },
  created_at: '2026-01-02T03:04:05.000Z',
  kept: false,
  kind: 'made',
};
const GENUINE = {
  uid: 'uid-1',
  marker: { id: 'marker-1', cluster: 'mettle-1a2b', cluster_uid: 'uid-1', kind: 'made' },
} as const;

describe('names', () => {
  test('a typed name gets the prefix once, and is a name', () => {
    expect(clusterName('mine')).toBe('mettle-mine');
    expect(clusterName('mettle-mine')).toBe('mettle-mine');
  });

  test.each(['', '-', 'Mine', '../x', 'a b', 'a'.repeat(41), 'a-'])('%j is refused', (text) => {
    expect(() => clusterName(text)).toThrow('cannot be the name');
  });

  test('no name leaves the folder of the records', () => {
    const pieces = fc.array(fc.constantFrom('mettle-', 'a', 'Z', '9', '-', '.', '/', '..', '\n', ' ', '\0'));
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        expect(isClusterName(text) && !/^[a-z0-9-]+$/.test(text)).toBe(false);
      }),
    );
    expect(isClusterName('mettle-a9')).toBe(true);
  });
});

describe('ports', () => {
  test('runs that choose at the same time get different ports', async () => {
    const owner = await thisProcess();
    const choose = async (id: string): Promise<readonly number[]> => {
      const ports = await claimPorts(['left', 'right'], {}, async (chosen) =>
        writeReceipt({
          id,
          kind: 'cluster',
          subject: id,
          created_at: new Date().toISOString(),
          lease_s: 60,
          owner,
          heal: { ports: [...chosen.values()] },
        }),
      );
      return [...ports.values()];
    };
    const chosen = (await Promise.all(['a', 'b', 'c', 'd'].map(choose))).flat();
    expect(new Set(chosen).size).toBe(8);
    expect(chosen.every((port) => port >= 20_000 && port <= 29_999)).toBe(true);
  });

  test('a port that another run has claimed is taken, although nothing listens there yet', async () => {
    await writeReceipt({
      id: 'other',
      kind: 'cluster',
      subject: 'mettle-other',
      created_at: new Date().toISOString(),
      lease_s: 60,
      owner: await thisProcess(),
      heal: { ports: [29_871] },
    });
    await expect(claimPorts(['gateway'], { gateway: 29_871 }, () => Promise.resolve())).rejects.toThrow(
      'Port 29871 of 127.0.0.1, wanted for gateway, is in use',
    );
  });

  test('a wanted port that is taken is named', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await expect(claimPorts(['gateway'], { gateway: port }, () => Promise.resolve())).rejects.toThrow(
        `Port ${port} of 127.0.0.1, wanted for gateway, is in use`,
      );
    } finally {
      server.close();
    }
  });

  test.each([
    ['Bind for 127.0.0.1:20001 failed: port is already allocated.', 20_001],
    ['listen tcp4 127.0.0.1:30080: bind: address already in use.', 30_080],
    ['no space left on device', undefined],
  ])('%s', (text, port) => {
    expect(clashingPort(`docker: Error response from daemon: ${text}`)).toBe(port);
  });
});

test('ports that Docker publishes on loopback are found by their node ports', () => {
  const said =
    '6443/tcp -> 127.0.0.1:43210\n30080/tcp -> 127.0.0.1:8080\n30070/tcp -> 192.0.2.7:8070\n30090/tcp -> [::]:9\n';
  expect(parsePorts(said)).toHaveLength(4);
  expect(publishedServices(parsePorts(said))).toStrictEqual({ gateway: 8080 });
});

test('nothing listens beyond loopback', () => {
  const ports = {
    api_server: 1,
    gateway: 2,
    contour: 6,
    git: 7,
    postgres: 8,
    prometheus: 3,
    alertmanager: 4,
    chat: 5,
  };
  const config: unknown = parse(kindConfig('mettle-x', ports));
  expect(config).toMatchObject({ networking: { apiServerAddress: '127.0.0.1', apiServerPort: 1 } });
  const text = kindConfig('mettle-x', ports);
  expect(text.match(/listenAddress: (.*)/g)).toStrictEqual(Array(7).fill('listenAddress: 127.0.0.1'));
});

test('workers take nothing but what tolerates them, and the control plane of several nodes takes the rest', () => {
  const ports = {
    api_server: 1,
    gateway: 2,
    contour: 6,
    git: 7,
    postgres: 8,
    prometheus: 3,
    alertmanager: 4,
    chat: 5,
  };
  const roles = (nodes: number): unknown => parse(kindConfig('mettle-x', ports, nodes));
  expect(roles(1)).toMatchObject({ nodes: [{ role: 'control-plane' }] });
  expect(JSON.stringify(roles(1))).not.toContain('kubeadmConfigPatches');
  expect(roles(3)).toMatchObject({
    nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
  });
  const text = JSON.stringify(roles(2));
  expect(text).toContain('InitConfiguration\\nnodeRegistration:\\n  taints: []');
  expect(text).toContain('key: mettle.dev/worker');
  // A worker publishes nothing of its own.
  expect(text.match(/listenAddress/g)).toHaveLength(7);
});

describe('records', () => {
  test('a record is read back as it was written', async () => {
    await writeRecord(RECORD);
    await expect(readRecord(RECORD.name)).resolves.toStrictEqual(RECORD);
    await expect(recordedNames()).resolves.toStrictEqual([RECORD.name]);
  });

  test('an adopted cluster keeps its record apart, and is remembered as such', async () => {
    const adopted: ClusterRecord = { ...RECORD, name: 'mettle-theirs', kind: 'adopted', kept: true };
    await writeRecord(adopted);
    await expect(readRecord('mettle-theirs')).resolves.toStrictEqual(adopted);
    await expect(recordedNames('made')).resolves.not.toContain('mettle-theirs');
    await expect(recordedNames('adopted')).resolves.toStrictEqual(['mettle-theirs']);
    // What would forget a cluster that Mettle made does not touch it.
    await removeRecord('mettle-theirs');
    await expect(recordedNames()).resolves.toContain('mettle-theirs');
    await removeRecord('mettle-theirs', 'adopted');
    await expect(readRecord('mettle-theirs')).resolves.toBeUndefined();
  });

  test('an adopted cluster is never deleted, not even when its record is damaged', async () => {
    await writeRecord({ ...RECORD, name: 'mettle-theirs', kind: 'adopted' });
    await expect(deleteCluster('theirs')).rejects.toThrow('it was adopted');
    await writeFile(join(await stateFolder('clusters'), 'mettle-theirs.adopted.json'), '{');
    await expect(deleteCluster('theirs')).rejects.toThrow('it was adopted');
    await removeRecord('mettle-theirs', 'adopted');
  });

  test('there is none of an unknown or impossible name', async () => {
    await expect(readRecord('mettle-absent')).resolves.toBeUndefined();
    await expect(readRecord('../../etc/passwd')).resolves.toBeUndefined();
  });
});

describe('guard', () => {
  test('the cluster that was made passes', () => {
    expect(impostor(RECORD, GENUINE)).toBeUndefined();
  });

  test.each([
    ['another cluster', { ...GENUINE, uid: 'uid-2' }, 'another cluster'],
    ['one without the marker', { ...GENUINE, marker: undefined }, 'no marker'],
    ['one with another marker', { ...GENUINE, marker: { ...GENUINE.marker, id: 'marker-2' } }, 'not the one'],
    ['a copied marker', { uid: 'uid-2', marker: GENUINE.marker }, 'another cluster'],
    [
      'a marker of another cluster',
      { ...GENUINE, marker: { ...GENUINE.marker, cluster: 'mettle-2' } },
      'mettle-2',
    ],
    [
      'a marker of an adoption',
      { ...GENUINE, marker: { ...GENUINE.marker, kind: 'adopted' as const } },
      'says that it is adopted',
    ],
    [
      'a marker with another UID',
      { ...GENUINE, marker: { ...GENUINE.marker, cluster_uid: 'uid-2' } },
      'made for',
    ],
  ])('%s is refused', (_, found, why) => {
    expect(impostor(RECORD, found)).toContain(why);
  });

  test('any difference at all is refused', () => {
    const id = fc.constantFrom('uid-1', 'marker-1', 'mettle-1a2b', 'other', '');
    const kinds = fc.constantFrom('made' as const, 'adopted' as const);
    fc.assert(
      fc.property(id, id, id, id, kinds, (uid, marker, cluster, cluster_uid, kind) => {
        const found = { uid, marker: { id: marker, cluster, cluster_uid, kind } };
        const same = JSON.stringify(found) === JSON.stringify(GENUINE);
        expect(impostor(RECORD, found) === undefined).toBe(same);
      }),
    );
  });

  test.each([
    ['https://127.0.0.1:20000', true],
    ['https://[::1]:20000', true],
    ['http://127.0.0.1:20000', false],
    ['https://127.0.0.1.example.com:443', false],
    ['https://127.0.0.1@example.com', false],
    ['https://10.0.0.1:6443', false],
    ['https://localhost.example:6443', false],
    ['nonsense', false],
  ])('%s', (address, loopback) => {
    expect(isLoopback(address)).toBe(loopback);
  });

  test('a cluster without a record, at another address or in another one’s place is refused before it is asked', async () => {
    await expect(guardCluster({ name: 'kind' })).rejects.toThrow('no record');
    await writeRecord(RECORD);
    await expect(guardCluster({ name: RECORD.name, uid: 'uid-2' })).rejects.toThrow('taken its place');
    await expect(guardCluster({ name: RECORD.name, api_server: 'https://127.0.0.1:1' })).rejects.toThrow(
      'made at',
    );
    await writeRecord({ ...RECORD, api_server: 'https://10.0.0.1:6443' });
    await expect(guardCluster({ name: RECORD.name })).rejects.toThrow('not on this machine');
  });
});
