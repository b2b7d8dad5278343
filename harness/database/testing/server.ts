import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { userInfo, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** PostgreSQL refuses to be the superuser of the machine. */
const NOBODY = 65_534;
const START_MS = 15_000;

/** Folder of the programs of PostgreSQL on this machine, the newest first; undefined where there are none. */
export function postgresPrograms(): string | undefined {
  const known = globSync('/usr/lib/postgresql/*/bin').sort((left, right) =>
    right.localeCompare(left, 'en', { numeric: true }),
  );
  const folders = [...known, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** A server of a test's own, in a temporary folder, reached by a socket in it. */
export interface TestServer extends AsyncDisposable {
  /** Folder of the socket: `psql --host=` takes it. */
  readonly host: string;
  connect(database?: string): Promise<pg.Client & AsyncDisposable>;
}

function asClient(client: pg.Client): pg.Client & AsyncDisposable {
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** Starts an empty server; it is as careless as it can be, because what it holds is thrown away. */
export async function startServer(programs: string): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-pg-'));
  const is_root = userInfo().uid === 0;
  const as = is_root ? { uid: NOBODY, gid: NOBODY } : {};
  if (is_root) chownSync(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const options = { ...as, cwd: folder, env: { PATH: programs, LC_ALL: 'C' } };
  const flags = ['--username=postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
  execFileSync(join(programs, 'initdb'), [`--pgdata=${data}`, ...flags], { ...options, stdio: 'pipe' });
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'full_page_writes=off',
    'shared_buffers=16MB',
  ];
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...options,
      stdio: 'ignore',
    },
  );
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const connect = async (database = 'postgres'): Promise<pg.Client & AsyncDisposable> => {
    const client = asClient(new pg.Client({ host: folder, user: 'postgres', database }));
    await client.connect();
    return client;
  };
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await (await connect()).end();
      break;
    } catch (error) {
      if (Date.now() > until || server.exitCode !== null) throw error;
      await delay(50);
    }
  }
  return {
    host: folder,
    connect,
    async [Symbol.asyncDispose]() {
      // Sessions that a test left behind are cut off.
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
