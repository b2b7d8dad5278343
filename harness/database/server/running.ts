import type { QueryResult, QueryResultRow } from 'pg';
import { UnfitError } from '#harness/core/errors.ts';
import type { ServerEngine } from '#harness/core/guard/facts.ts';
import { literal } from '../ask.ts';
import { openClient } from './client.ts';
import { clientPrograms } from './clients.ts';
import { LastingClient } from './lasting.ts';
import { scramVerifier } from './password.ts';
import type { Address, ScratchDatabase, ScratchServer } from './types.ts';

/** `version_num` of 18.4 is 180004. */
const PER_MAJOR = 10_000;
/** Since this version a copy of a database can be made by files instead of by the log. */
const WITH_STRATEGY = 150_000;

interface Running {
  readonly engine: ServerEngine;
  /** Of its superuser. */
  readonly address: Address;
  readonly crash: () => Promise<void>;
  readonly recover: () => Promise<void>;
  /** All that has to be given back for it. */
  readonly running: AsyncDisposableStack;
}

/** A server that runs for us, whatever started it. */
export class RunningServer implements ScratchServer {
  readonly engine: ServerEngine;
  readonly version: string;
  readonly version_num: number;
  readonly client_programs: string | undefined;
  readonly #server: Running;
  /** Databases are made and dropped all the time. */
  readonly #asking: LastingClient;
  #turn: Promise<unknown> = Promise.resolve();
  #databases = 0;
  #down = false;

  private constructor(server: Running, version: string, version_num: number, client_programs?: string) {
    this.engine = server.engine;
    this.version = version;
    this.version_num = version_num;
    this.client_programs = client_programs;
    this.#server = server;
    this.#asking = new LastingClient(() => openClient(server.address));
  }

  static async over(server: Running): Promise<RunningServer> {
    try {
      const { rows } = await asked<{ version: string; number: string }>(
        server.address,
        `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number`,
      );
      const [one] = rows;
      if (one === undefined) throw new UnfitError('the server does not tell its version');
      const version_num = Number(one.number);
      const clients = await clientPrograms(Math.floor(version_num / PER_MAJOR));
      return new RunningServer(
        server,
        one.version.split(' ')[0] ?? one.version,
        version_num,
        clients?.folder,
      );
    } catch (error) {
      await server.running.disposeAsync();
      throw error;
    }
  }

  async create(options: { readonly template?: ScratchDatabase } = {}): Promise<ScratchDatabase> {
    this.#databases += 1;
    const database = `guard_${this.#databases}`;
    const template = options.template?.address.database ?? 'template0';
    // Whole files are copied, which is faster than a log of every page unless the database is tiny.
    const strategy = this.version_num < WITH_STRATEGY ? '' : ' STRATEGY FILE_COPY';
    await this.#ask(`CREATE DATABASE ${database} TEMPLATE ${template}${strategy}`);
    return {
      address: { ...this.#server.address, database },
      [Symbol.asyncDispose]: async () => {
        // What is down goes with its server.
        if (this.#down || this.#server.running.disposed) return;
        await this.#ask(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      },
    };
  }

  async crash(): Promise<void> {
    this.#down = true;
    await this.#server.crash();
  }

  async recover(): Promise<void> {
    await this.#server.recover();
    this.#down = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asking[Symbol.asyncDispose]();
    await this.#server.running.disposeAsync();
  }

  /** One after the other: a connection takes one statement at a time. */
  async #ask(statement: string): Promise<void> {
    const turn = this.#turn.then(async () => (await this.#asking.get()).query(statement));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}

async function asked<Row extends QueryResultRow>(
  address: Address,
  statement: string,
): Promise<QueryResult<Row>> {
  await using client = await openClient(address);
  return await client.query<Row>(statement);
}

/** Gives the superuser a password, by a way in that asks for none. @param password drawn by chance, not thought of */
export async function setPassword(address: Address, password: string, rounds: number): Promise<void> {
  await asked(address, `ALTER ROLE ${address.user} PASSWORD ${literal(scramVerifier(password, rounds))}`);
}
