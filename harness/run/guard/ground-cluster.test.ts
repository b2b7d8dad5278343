import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { readMigrations } from '#harness/database/migrations/read.ts';
import { folderWith } from '#harness/database/migrations/testing/folder.ts';
import { openClient } from '#harness/database/server/client.ts';
import type { Address, StartInCluster } from '#harness/database/server/types.ts';
import { startSmallServer } from '#harness/database/testing/small-server.ts';
import { openServer } from './ground.ts';
import type { GuardRequest } from './request.ts';

const doing = { signal: new AbortController().signal, progress: () => undefined };

/** Starts a server of one version, as a cluster would, on this machine; notes what it was asked for and where it was. */
function cluster(has: string) {
  const asked: { readonly cluster: string; readonly version: string | undefined; readonly at: Address }[] =
    [];
  const start: StartInCluster = async ({ cluster: name, version }) => {
    const server = await startSmallServer(has);
    const { address } = await server.create();
    asked.push({ cluster: name, version, at: { ...address, database: 'postgres' } });
    return server;
  };
  return { asked, start };
}

/** A dump of PostgreSQL 16 that is to be tried on the server of a cluster. */
async function open(start: StartInCluster, postgres?: string): Promise<void> {
  await using folder = await folderWith({
    '1.sql': 'SELECT 1;\n',
    'dump.txt': '--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 16.2\n',
  });
  const set = await readMigrations(join(folder.path, '1.sql'));
  const request: GuardRequest = {
    set,
    earlier: [],
    judged: set.migrations,
    data: { source: 'dump', path: join(folder.path, 'dump.txt') },
    made_up: false,
    rate_per_s: 1,
    seed: 1,
    engine: { cluster: 'mettle-play' },
    ...(postgres === undefined ? {} : { postgres }),
    left_out: [],
  };
  await using _server = await openServer(request, doing, start);
}

test('data of a newer version than the cluster has is refused, and the server ended', async () => {
  const { start, asked } = cluster('15');
  const refused = open(start);
  await expect(refused).rejects.toThrow(UnfitError);
  await expect(refused).rejects.toThrow(
    /^the data is of PostgreSQL 16\.2, and cluster mettle-play has PostgreSQL 15\.\d+$/,
  );
  const [{ at } = { at: undefined }] = asked;
  if (at === undefined) throw new Error('no server was started');
  await expect(openClient(at)).rejects.toThrow('nobody listens there');
}, 60_000);

test.each([
  ['15', '15'],
  ['16', undefined],
  ['17', undefined],
])(
  'a cluster with %s takes it, asked for %s',
  async (has, postgres) => {
    const { start, asked } = cluster(has);
    await open(start, postgres);
    expect(asked).toMatchObject([{ cluster: 'mettle-play' }]);
    expect(asked.map(({ version }) => version)).toEqual([postgres]);
  },
  60_000,
);
