import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import getPort from 'get-port';
import pg from 'pg';
import { UnfitError } from '#harness/core/errors.ts';
import { at, listAt, textAt } from '#harness/core/kubernetes.ts';
import { loadBom } from '#harness/images/bom.ts';
import { LOCKS } from '#harness/images/places.ts';
import { buildRootfs } from '#harness/images/rootfs.ts';
import { type Child, startChild } from '#harness/process/child.ts';
import { run, type RunResult, tryRun } from '#harness/process/run.ts';
import { type PostgresBackup, postgresWithBackup } from '#harness/stack/postgres-backup.ts';
import { notingContext } from '#harness/stack/testing/noting.ts';

/** As in the image, whose user this is. */
const USER = 65_532;
/** A user namespace, where whoever runs the tests is the image's user, and a process namespace, which ends as one. */
const NAMESPACES = [
  'unshare',
  '--user',
  `--map-user=${USER}`,
  `--map-group=${USER}`,
  '--pid',
  '--fork',
  '--kill-child',
] as const;
const READY = 'database system is ready to accept connections';
const DEADLINE_S = 60;

/** A server that runs until it is killed, as a container is: with all that it started, and at once. */
export interface BoxedServer extends AsyncDisposable {
  /** As the shop, by network. */
  readonly client: pg.Client;
  /** What it wrote so far. */
  log(): string;
  kill(): Promise<void>;
}

/** How a start ended that did not come to a server. */
export interface FailedStart {
  readonly exit_code: number | null;
  readonly log: string;
}

/**
 * The image `postgres` without a container: its root file system in a folder, its programs started there as its user, with
 * what the manifests give them. `/volume` and `/backups` are folders in it.
 */
export class PostgresBox implements AsyncDisposable {
  readonly root: string;
  readonly #port: number;
  readonly #path: string;
  #running: Child | undefined;

  private constructor(root: string, port: number, path: string) {
    this.root = root;
    this.#port = port;
    this.#path = path;
  }

  static async make(): Promise<PostgresBox> {
    const bom = await loadBom();
    const spec = bom.rootfs['postgres'];
    const image = bom.images['postgres'];
    if (spec === undefined || image === undefined || !('entrypoint' in image)) {
      throw new UnfitError('the bill of materials has no image postgres made of Debian packages');
    }
    const made = await buildRootfs('postgres', spec, bom.debian, { progress: () => undefined });
    // Not named as the guard names its servers' folders: whoever runs the guard clears away those that are nobody's.
    const root = await mkdtemp(join(tmpdir(), 'mettle-box-'));
    await run(['tar', '--extract', '--directory', root, '--file', join(made, 'rootfs.tar')]);
    for (const [path, source] of Object.entries(image.files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await cp(join(LOCKS, source), join(root, path));
      await chmod(join(root, path), 0o755);
    }
    return new PostgresBox(root, await getPort({ host: '127.0.0.1' }), image.env['PATH'] ?? '');
  }

  get store(): string {
    return join(this.root, 'backups');
  }

  get volume(): string {
    return join(this.root, 'volume');
  }

  /** Empty folders and the passwords that belong to them, as a new cluster has. */
  async begin(): Promise<void> {
    await this.#stop();
    for (const folder of [this.store, this.volume]) {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
    }
    await this.setPasswords('first');
  }

  /** What the Secret says. */
  async setPasswords(password: string): Promise<void> {
    for (const [folder, key, value] of [
      ['postgres-password', 'password', password],
      ['postgres-password', 'backup-password', `${password}:of\\backup`],
      ['backup-password', 'password', `${password}:of\\backup`],
    ] as const) {
      await mkdir(join(this.root, 'etc', folder), { recursive: true });
      await writeFile(join(this.root, 'etc', folder, key), value);
    }
  }

  /** The volume is lost, and the server with it. */
  async loseVolume(): Promise<void> {
    await this.#stop();
    await rm(this.volume, { recursive: true });
    await mkdir(this.volume);
  }

  /** Starts the server as the StatefulSet would, and waits until it serves. */
  async start(backup: Omit<PostgresBackup, 'store_node_path'>): Promise<BoxedServer> {
    const started = await this.#start(backup);
    const failed = await started.ready;
    if (failed !== undefined) {
      throw new UnfitError(`PostgreSQL ended with ${failed.exit_code}:\n${failed.log}`);
    }
    const password = await readFile(join(this.root, 'etc/postgres-password/password'), 'utf8');
    const connection = { host: '127.0.0.1', port: this.#port, user: 'shop', database: 'shop', password };
    const client = new pg.Client(connection);
    // A server that is killed takes the connection along.
    client.on('error', () => undefined);
    await client.connect();
    const kill = async (): Promise<void> => {
      await this.#stop();
      await client.end().catch(() => undefined);
    };
    return { client, log: started.log, kill, [Symbol.asyncDispose]: kill };
  }

  /** Starts the server, which must end by itself before it serves. */
  async startInVain(
    backup: Omit<PostgresBackup, 'store_node_path'>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<FailedStart> {
    const { ready } = await this.#start(backup, env);
    const failed = await ready;
    await this.#stop();
    if (failed === undefined) throw new UnfitError('PostgreSQL serves, and should not have started');
    return failed;
  }

  /** Starts the server and kills it as soon as a line of its log matches. */
  async killAt(backup: Omit<PostgresBackup, 'store_node_path'>, line: RegExp): Promise<void> {
    const { came } = await this.#start(backup, {}, line);
    const failed = await came;
    await this.#stop();
    if (failed !== undefined) throw new UnfitError(`its log never had ${String(line)}:\n${failed.log}`);
  }

  /** Runs the program of the backups' container, and gives back what it said. */
  async backUp(
    backup: Omit<PostgresBackup, 'store_node_path'>,
    args: readonly string[] = [],
  ): Promise<string> {
    const { object } = await this.#manifest(backup, 'CronJob');
    const container = at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers', 0);
    const command = listAt(container, 'command').map(String);
    const env = { ...envOf(container), PGHOST: '127.0.0.1', PGPORT: String(this.#port) };
    const taken = await run(this.#command(env, [...command, ...args]), { timeout_s: DEADLINE_S });
    return taken.stdout;
  }

  /** Runs a program in it. */
  async run(env: Readonly<Record<string, string>>, command: readonly string[]): Promise<RunResult> {
    return await tryRun(this.#command(env, command), { timeout_s: DEADLINE_S });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await rm(this.root, { recursive: true, force: true });
  }

  async #stop(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    this.#running = undefined;
  }

  async #manifest(backup: Omit<PostgresBackup, 'store_node_path'>, kind: string) {
    const { ctx } = notingContext(['postgres']);
    const component = postgresWithBackup({ ...backup, store_node_path: '/unused' });
    const all = await component.manifests(ctx);
    const object = all.find((one) => one.object.kind === kind)?.object;
    if (object === undefined) throw new UnfitError(`there is no ${kind}`);
    return { object, all };
  }

  async #start(
    backup: Omit<PostgresBackup, 'store_node_path'>,
    further: Readonly<Record<string, string>> = {},
    awaited?: RegExp,
  ) {
    const { object, all } = await this.#manifest(backup, 'StatefulSet');
    const map = all.find((one) => one.object.kind === 'ConfigMap')?.object;
    await mkdir(join(this.root, 'etc/postgres'), { recursive: true });
    await mkdir(join(this.root, 'run/postgresql'), { recursive: true });
    for (const [name, text] of Object.entries(Object(at(map, 'data')))) {
      await writeFile(join(this.root, 'etc/postgres', name), String(text));
    }
    const container = at(object, 'spec', 'template', 'spec', 'containers', 0);
    const args = listAt(container, 'args').map(String);
    const own = ['-c', 'listen_addresses=127.0.0.1', '-c', `port=${this.#port}`];
    const env = { ...envOf(container), PGPORT: String(this.#port), ...further };
    const command = this.#command(env, ['/usr/local/bin/postgres-entrypoint', ...args, ...own]);
    const child = startChild(command);
    this.#running = child;
    const lines: string[] = [];
    const log = (): string => lines.join('\n');
    const serves = Promise.withResolvers<undefined>();
    const came = Promise.withResolvers<undefined>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line.includes(READY)) serves.resolve(undefined);
        if (awaited?.test(line) === true) came.resolve(undefined);
      });
    }
    const ended = child.exited.then(({ exit_code }): FailedStart => ({ exit_code, log: log() }));
    return { log, ready: Promise.race([serves.promise, ended]), came: Promise.race([came.promise, ended]) };
  }

  #command(env: Readonly<Record<string, string>>, command: readonly string[]): readonly string[] {
    const own = { PATH: this.#path, ...env };
    return [
      ...NAMESPACES,
      `--root=${this.root}`,
      '/usr/bin/env',
      '--ignore-environment',
      ...Object.entries(own).map(([name, value]) => `${name}=${value}`),
      ...command,
    ];
  }
}

function envOf(container: unknown): Readonly<Record<string, string>> {
  const entries = listAt(container, 'env').map((one) => [
    textAt(one, 'name') ?? '',
    textAt(one, 'value') ?? '',
  ]);
  return Object.fromEntries(entries);
}
