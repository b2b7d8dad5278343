/** A live database that is watched while the guard has its address: by its server's own log, by who connects, and by what it holds. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError } from '#harness/core/errors.ts';
import { askBy } from '#harness/database/ask.ts';
import { contentOf } from '#harness/database/content.ts';
import { openClient } from '#harness/database/server/client.ts';
import { startServer } from '#harness/database/server/start.ts';
import type { Address, ScratchServer } from '#harness/database/server/types.ts';
import { type Connection, StartupProxy } from './startup-proxy.ts';

/** As old as the pg_dump of Debian 12, which must not be older than the server. */
const VERSION = '15';
const MARK = 'watched';
const LINE = /^watched <[^(>]*\((?<port>\d+)\)> (?<level>[A-Z]+): {2}(?<text>.*)$/;
const STATEMENT = /^(?:statement|execute [^:]+): (?<sql>[^]*)$/;
const SEEN_S = 10;
const POLL_MS = 20;

/** What one connection asked for and has sent. */
export interface WatchedSession {
  readonly parameters: Connection['parameters'];
  readonly statements: readonly string[];
}

/** What was seen of the database while somebody had its address. */
export interface Watched {
  readonly sessions: readonly WatchedSession[];
  /** What it holds and is made of, and the number of the next transaction that writes, before and after. */
  readonly before: unknown;
  readonly after: unknown;
}

interface Entry {
  readonly port: number;
  readonly level: string;
  text: string;
}

export class WatchedSource implements AsyncDisposable {
  readonly #given: AsyncDisposableStack;
  readonly #address: Address;
  readonly #entries: Entry[];
  readonly proxy: StartupProxy;

  private constructor(
    given: AsyncDisposableStack,
    seen: { readonly address: Address; readonly entries: Entry[]; readonly proxy: StartupProxy },
  ) {
    this.#given = given;
    this.#address = seen.address;
    this.#entries = seen.entries;
    this.proxy = seen.proxy;
  }

  /** Starts a server whose one database these statements have made. */
  static async start(statements: string): Promise<WatchedSource> {
    await using given = new AsyncDisposableStack();
    const entries: Entry[] = [];
    const server: ScratchServer = given.use(
      await startServer({
        engine: 'embedded',
        small: true,
        version: VERSION,
        signal: new AbortController().signal,
        onLog: (line) => {
          take(entries, line);
        },
      }),
    );
    const { address } = await server.create();
    await using client = await openClient(address);
    await client.query(statements);
    await client.query('VACUUM (ANALYZE)');
    // The server's own housekeeping would write.
    await client.query('ALTER SYSTEM SET autovacuum = off');
    await client.query(`ALTER SYSTEM SET log_line_prefix = '${MARK} <%r> '`);
    await client.query(`ALTER SYSTEM SET log_statement = 'all'`);
    await client.query('SELECT pg_reload_conf()');
    const proxy = given.use(await StartupProxy.before(address.port));
    const source = new WatchedSource(given.move(), { address, entries, proxy });
    await source.#logged();
    return source;
  }

  /** Its address, as the guard is given it. */
  get given(): Address {
    return { ...this.#address, port: this.proxy.port };
  }

  get url(): string {
    const { user, password, host, port, database } = this.given;
    return `postgres://${user}:${password}@${host}:${port}/${database}`;
  }

  /** What is seen while somebody has the address, until every session of theirs has ended and has no lock any more. */
  async during(act: () => Promise<void>): Promise<Watched> {
    const before = await this.#state();
    this.#entries.length = 0;
    this.proxy.connections.length = 0;
    await act();
    await this.#left();
    await this.#logged();
    const sessions = this.proxy.connections.map(({ port, parameters }) => ({
      parameters,
      statements: this.#entries.flatMap((entry) => {
        const sql = entry.level === 'LOG' ? STATEMENT.exec(entry.text)?.groups?.['sql'] : undefined;
        return entry.port === port && sql !== undefined ? [sql] : [];
      }),
    }));
    return { sessions, before, after: await this.#state() };
  }

  /** Sessions of those who were given the address, and relations that these have locked. */
  async now(): Promise<{ readonly sessions: number; readonly locked: readonly string[] }> {
    await using client = await openClient(this.#address);
    const ports = [this.proxy.connections.map(({ port }) => port)];
    const sessions = await client.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE client_port = ANY ($1)',
      ports,
    );
    const locked = await client.query<{ relation: string }>(
      `SELECT DISTINCT c.oid::regclass::text AS relation FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       JOIN pg_class c ON c.oid = l.relation WHERE a.client_port = ANY ($1) AND c.relkind = 'r' AND c.oid >= 16384`,
      ports,
    );
    return { sessions: sessions.rows.length, locked: locked.rows.map(({ relation }) => relation) };
  }

  async #state(): Promise<unknown> {
    await using client = await openClient(this.#address);
    const holds = await contentOf(askBy(client));
    // Of a transaction that writes anything, anywhere, the server takes the next number.
    const { rows } = await client.query(
      `SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next_transaction,
         (SELECT count(*)::int FROM pg_prepared_xacts) AS prepared,
         (SELECT count(*)::int FROM pg_replication_slots) AS slots,
         (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory') AS advisory,
         (SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database) AS databases,
         (SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles) AS roles`,
    );
    return { ...holds, ...rows[0] };
  }

  /** @throws DeadlineError when somebody stays */
  async #left(): Promise<void> {
    const deadline = performance.now() + SEEN_S * 1000;
    for (;;) {
      const { sessions, locked } = await this.now();
      if (sessions === 0 && locked.length === 0) return;
      const seen = `${sessions} sessions, which have locked ${locked.join(', ') || 'nothing'}`;
      if (performance.now() > deadline) throw new DeadlineError('every session to end', SEEN_S, seen);
      await delay(POLL_MS);
    }
  }

  /** The log comes by a pipe, so a statement of our own is awaited at its end. */
  async #logged(): Promise<void> {
    const end = `SELECT 'end-${crypto.randomUUID()}'`;
    await using client = await openClient(this.#address);
    const deadline = performance.now() + SEEN_S * 1000;
    await client.query(end);
    while (!this.#entries.some(({ text }) => text.includes(end))) {
      if (performance.now() > deadline)
        throw new DeadlineError('the log of the server', SEEN_S, 'no such line');
      await delay(POLL_MS);
      // A session takes new settings up between two statements.
      await client.query(end);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#given.disposeAsync();
  }
}

/** The server indents by a tab what follows the first line of an entry. */
function take(entries: Entry[], line: string): void {
  const { port, level, text } = LINE.exec(line)?.groups ?? {};
  const last = entries.at(-1);
  if (port !== undefined && level !== undefined && text !== undefined) {
    entries.push({ port: Number(port), level, text });
  } else if (last && line.startsWith('\t')) last.text += `\n${line.slice(1)}`;
}
