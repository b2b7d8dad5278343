import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { locked } from '#harness/lease/locked.ts';
import { run } from '#harness/process/run.ts';
import { asServerUser, giveToServerUser, serverCache } from './account.ts';

/** The superuser of every server that the guard starts. */
export const SUPERUSER = 'postgres';

/** The sockets are in a folder that is closed to others; by network a password is asked for. */
const ACCESS = `local all all trust
host all all 127.0.0.1/32 scram-sha-256
`;

/**
 * Settings of a server whose data is thrown away. Nothing is forced to the disk, which a crash of its processes does not
 * need; the log is written as in production, so that its size can be judged. Nothing runs at times of its own.
 */
export const SETTINGS = `
fsync = off
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
 * Folder of the data of an empty server, made once for each version: `initdb` takes longer than all the rest of a start.
 * @param programs folder with `bin` of that version
 */
export async function obtainPrepared(programs: string): Promise<string> {
  const name = `${basename(programs)}-data`;
  const made = join(await serverCache(), name);
  if (existsSync(made)) return made;
  return await locked(`postgres-${name}`, async () => {
    if (existsSync(made)) return made;
    const unfinished = `${made}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    await giveToServerUser(unfinished);
    await run(
      asServerUser([
        join(programs, 'bin/initdb'),
        `--pgdata=${unfinished}`,
        `--username=${SUPERUSER}`,
        '--auth=trust',
        '--no-sync',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
      ]),
      { cwd: '/', env: { LC_ALL: 'C.UTF-8' } },
    );
    await writeFile(join(unfinished, 'pg_hba.conf'), ACCESS);
    await writeFile(join(unfinished, 'postgresql.auto.conf'), SETTINGS);
    await rename(unfinished, made);
    return made;
  });
}
