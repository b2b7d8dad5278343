import { expect, test } from 'vitest';
import { UnfitError } from '#harness/core/errors.ts';
import { openClient } from '../server/client.ts';
import { clientPrograms } from '../server/clients.ts';
import { startSmallServer } from '../testing/small-server.ts';
import { fillDatabase } from './fill.ts';

/** PostgreSQL 15 has a program for it on machines that tests run on. */
const VERSION = '15';
const programs = await clientPrograms(Number(VERSION));

test.skipIf(programs === undefined)(
  'a pg_dump that dies in the middle is told in its own words',
  async () => {
    await using server = await startSmallServer(VERSION);
    await using hidden = await server.create();
    await using client = await openClient(hidden.address);
    await client.query(`CREATE TABLE closed (id int); INSERT INTO closed SELECT generate_series(1, 10);
    ALTER TABLE closed ENABLE ROW LEVEL SECURITY;
    CREATE ROLE looker LOGIN PASSWORD 'looks'; GRANT SELECT ON closed TO looker`);
    const address = { ...hidden.address, user: 'looker', password: 'looks' };
    const { signal } = new AbortController();
    const copied = fillDatabase(server, { source: 'live', address }, { signal });
    await expect(copied).rejects.toThrow(UnfitError);
    await expect(copied).rejects.toThrow(
      /^the database .* could not be read: .*query would be affected by row-level security policy for table "closed"/s,
    );
  },
  60_000,
);
