/** Starts a server, says what it is, and holds it until it is killed. */
import { once } from 'node:events';
import { openClient } from '../client.ts';
import { startServer } from '../start.ts';

await using server = await startServer({ engine: 'embedded', signal: new AbortController().signal });
await using database = await server.create();
await using client = await openClient(database.address);
const { rows } = await client.query<{ data: string }>(`SELECT current_setting('data_directory') AS data`);
// A session at work does not notice by itself that its postmaster is gone.
void client.query('SELECT count(*) FROM generate_series(1, 1000000000000)').catch(() => undefined);
process.stdout.write(`${rows[0]?.data}\n`);
await once(process, 'SIGTERM');
