/** The server's own log of what others than the migration change in one database. */
import { randomBytes } from 'node:crypto';
import { messageOf } from '#harness/core/errors.ts';
import type { ContentFacts } from '#harness/core/guard/content-facts.ts';
import type { WrittenFacts } from '#harness/core/guard/load-facts.ts';
import { SAME_WORDS } from '../../ask.ts';
import type { Address } from '../../server/types.ts';
import { openSession, type Session } from '../apply-session.ts';
import { compareWrites } from './compare.ts';
import { readChange } from './decoded.ts';
import { lastWrites, type WrittenTable } from './last-writes.ts';
import { loggedTables } from './tables.ts';

const PLUGIN = 'test_decoding';
/** A slot begins once all transactions have ended that had written something; those of other databases count too. */
const BEGIN_MS = 20_000;

/**
 * What the releases commit, from the log that the server writes anyway (logical decoding): nothing is added to a table, so the
 * migration meets what it would meet in production. Changes by sessions that are left out are not told.
 *
 * Source: PostgreSQL, "Logical Decoding" and "Replication Progress Tracking".
 */
export class WriteLog implements AsyncDisposable {
  readonly #session: Session;
  readonly #slot: string;
  readonly #tables: ReadonlyMap<string, WrittenTable>;

  private constructor(session: Session, slot: string, tables: ReadonlyMap<string, WrittenTable>) {
    this.#session = session;
    this.#slot = slot;
    this.#tables = tables;
  }

  /**
   * Begins before anybody writes. Disposing it leaves nothing on the server.
   * @throws UnfitError when the database lets nobody in
   * @throws Error by the server, where it keeps no such log
   */
  static async open(address: Address): Promise<WriteLog> {
    const session = await openSession(address, 'mettle writes');
    try {
      const { client } = session;
      const slot = `mettle_${randomBytes(6).toString('hex')}`;
      // Triggers of the database on changes of its schema stay out of it.
      await client.query(
        `${SAME_WORDS}; SET session_replication_role = replica; SET statement_timeout = ${BEGIN_MS}`,
      );
      const tables = await loggedTables(client);
      await client.query('SELECT pg_replication_origin_create($1)', [slot]);
      const log = new WriteLog(session, slot, tables);
      try {
        await client.query('SELECT pg_create_logical_replication_slot($1, $2, true)', [slot, PLUGIN]);
        await client.query('SET statement_timeout = 0');
        return log;
      } catch (error) {
        await log.#forget();
        throw error;
      }
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Marks a session as one whose changes are not told. One at a time. */
  async leaveOut({ client }: Session): Promise<void> {
    await client.query('SELECT pg_replication_origin_session_setup($1)', [this.#slot]);
  }

  /**
   * Holds what the releases committed since it was opened against what is there. Do it when nobody writes any more.
   * @param content what the migration does to rows and values where it runs alone
   * @throws UnfitError when the database does not tell what is there
   */
  async compare(content: ContentFacts | undefined): Promise<WrittenFacts> {
    const { client } = this.#session;
    const { rows } = await client.query<[string]>({
      text: `SELECT data FROM pg_logical_slot_get_changes($1, NULL, NULL,
        'only-local', 'on', 'include-xids', 'off', 'skip-empty-xacts', 'on')`,
      values: [this.#slot],
      rowMode: 'array',
    });
    const changes = rows.flatMap(([line]) => readChange(line) ?? []);
    return await compareWrites(client, lastWrites(changes, this.#tables), content);
  }

  async #forget(): Promise<void> {
    await this.#session.client.query('SELECT pg_replication_origin_drop($1)', [this.#slot]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The slot goes with its session; the name that sessions were left out by would stay.
    await this.#forget().catch(() => undefined);
    await this.#session[Symbol.asyncDispose]();
  }
}

/** The same, or why there is none: a server without the plugin, or one that others keep from beginning. */
export async function openWriteLog(
  address: Address,
): Promise<{ readonly log?: WriteLog; readonly missing?: string }> {
  try {
    return { log: await WriteLog.open(address) };
  } catch (error) {
    return { missing: `the server keeps no log of changes: ${messageOf(error)}` };
  }
}
