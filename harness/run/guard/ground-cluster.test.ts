import { expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { readMigrations } from '#harness/database/migrations/read.ts';
import { folderWith } from '#harness/database/migrations/testing/folder.ts';
import { openClient } from '#harness/database/server/client.ts';
import type { Address, StartInCluster } from '#harness/database/server/types.ts';
import { startSmallServer } from '#harness/database/testing/small-server.ts';
import { join } from 'node:path';
import { openServer } from './ground.ts';
import type { GuardRequest } from './request.ts';

const doing = { signal: new AbortController().signal, progress: () => undefined };

/** A dump of PostgreSQL 16 that is tried on a server of a cluster, for which one of this machine stands in. */
async function opened(
  server: string,
  postgres?: string,
): Promise<{ readonly addresses: Address[]; readonly asked: unknown }> {
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
  const addresses: Address[] = [];
  let asked: unknown;
  const start: StartInCluster = async ({ cluster, version }) => {
    asked = { cluster, version };
    const started = await startSmallServer(server);
    addresses.push((await started.create()).address);
    return started;
  };
  try {
    await using _server = await openServer(request, doing, start);
    return { addresses, asked };
  } catch (error) {
    // It was ended before it was refused.
    await expect(
      openClient(addresses[0] ?? { host: '', port: 0, user: '', password: '', database: '' }),
    ).rejects.toThrow('cannot be reached');
    throw error;
  }
}

test('data of a newer version than the cluster has is refused, unless that is asked for', async () => {
  const refused = opened('15');
  await expect(refused).rejects.toThrow(UnfitError);
  await expect(refused).rejects.toThrow(
    /^the data is of PostgreSQL 16\.2, and cluster mettle-play has PostgreSQL 15\.\d+$/,
  );
  expect((await opened('15', '15')).asked).toEqual({ cluster: 'mettle-play', version: '15' });
  expect((await opened('16')).asked).toEqual({ cluster: 'mettle-play', version: undefined });
  expect((await opened('17')).asked).toEqual({ cluster: 'mettle-play', version: undefined });
}, 120_000);
