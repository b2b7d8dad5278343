import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '#harness/process/run.ts';
import { asServerUser, giveToServerUser } from './account.ts';
import { obtainCached } from './cached.ts';

/** The superuser of every server that the guard starts. */
export const SUPERUSER = 'postgres';

const NAME_DIGITS = 12;

/** The sockets are in a folder that is closed to others; by network a password is asked for. */
const ACCESS = `local all all trust
host all all 127.0.0.1/32 scram-sha-256
`;

/**
 * Settings of a server whose data is thrown away. Nothing is forced to the disk, which a crash of its processes does not
 * need; the log is written as in production, so that its size can be judged, and tells what rows were changed: measured beside
 * `replica`, a DELETE writes 14 % more of it so, and all else as much. Nothing runs at times of its own.
 */
export const SETTINGS = `
fsync = off
wal_level = logical
autovacuum = off
max_connections = 300
shared_buffers = 256MB
max_wal_size = 2GB
checkpoint_timeout = 1h
dynamic_shared_memory_type = mmap
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_min_messages = log
log_min_error_statement = panic
`;

/**
 * Folder of the data of an empty server, made once for each version and these settings: `initdb` takes longer than all the
 * rest of a start.
 * @param programs folder with `bin` of that version
 */
export async function obtainPrepared(programs: string): Promise<string> {
  const settings = createHash('sha256').update(ACCESS).update(SETTINGS).digest('hex').slice(0, NAME_DIGITS);
  const name = `${basename(programs)}-data-${settings}`;
  return await obtainCached(name, async (folder) => {
    await giveToServerUser(folder);
    await run(
      asServerUser([
        join(programs, 'bin/initdb'),
        `--pgdata=${folder}`,
        `--username=${SUPERUSER}`,
        '--auth=trust',
        '--no-sync',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
      ]),
      { cwd: '/', env: { LC_ALL: 'C.UTF-8' } },
    );
    await writeFile(join(folder, 'pg_hba.conf'), ACCESS);
    await writeFile(join(folder, 'postgresql.auto.conf'), SETTINGS);
  });
}
