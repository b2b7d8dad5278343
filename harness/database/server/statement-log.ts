/** What a program sends to a server, by the server's own log: the only account of a program that makes SQL of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError } from '#harness/core/errors.ts';
import { literal } from '../ask.ts';
import { openClient } from './client.ts';
import type { Address } from './types.ts';

/** Begins every line of the log that is not the rest of the one before: the name of the client follows. */
const MARK = 'mettle-log';
const LINE = /^mettle-log (?<who>\S*) (?<level>[A-Z]+): {2}(?<text>.*)$/;
const STATEMENT = /^(?:statement|execute [^:]+): (?<sql>[^]*)$/;
const PARAMETERS = /^parameters: /i;
const SEEN_S = 10;
const POLL_MS = 5;

/** A statement as it was sent; its parameters are not written into it. */
export interface LoggedStatement {
  readonly sql: string;
  readonly has_parameters: boolean;
}

interface Entry {
  readonly who: string;
  readonly level: string;
  text: string;
}

/** Collects the lines of a log. The server indents by a tab what follows the first line of an entry. */
export class StatementLog {
  readonly #entries: Entry[] = [];

  take(line: string): void {
    const { who, level, text } = LINE.exec(line)?.groups ?? {};
    const last = this.#entries.at(-1);
    if (who !== undefined && level !== undefined && text !== undefined) {
      this.#entries.push({ who, level, text });
    } else if (last !== undefined && line.startsWith('\t')) {
      last.text += `\n${line.slice(1)}`;
    }
  }

  /** What one client has sent, in its order. @param who its `application_name` */
  of(who: string): readonly LoggedStatement[] {
    const own = this.#entries.filter((entry) => entry.who === who);
    return own.flatMap(({ level, text }, index) => {
      const sql = level === 'LOG' ? STATEMENT.exec(text)?.groups?.['sql'] : undefined;
      if (sql === undefined) return [];
      const next = own[index + 1];
      return [{ sql, has_parameters: next?.level === 'DETAIL' && PARAMETERS.test(next.text) }];
    });
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

/** Makes a server write every statement into its log, each with the name of the client. */
export async function logStatements(address: Address): Promise<void> {
  await using client = await openClient(address);
  await client.query(`ALTER SYSTEM SET log_line_prefix = '${MARK} %a '`);
  await client.query(`ALTER SYSTEM SET log_statement = 'all'`);
  await client.query('SELECT pg_reload_conf()');
}

/**
 * What a program sends while `act` goes on. The log comes by a pipe, so a statement of our own is awaited at its end.
 * @param who the program's `application_name`
 * @throws DeadlineError when the server was not made to write statements
 */
export async function statementsDuring(
  log: StatementLog,
  address: Address,
  who: string,
  act: () => Promise<void>,
): Promise<readonly LoggedStatement[]> {
  log.clear();
  await act();
  const end = `end-${crypto.randomUUID()}`;
  await using client = await openClient(address);
  await client.query(`SET application_name = ${literal(end)}`);
  await client.query(`SELECT 1`);
  const deadline = performance.now() + SEEN_S * 1000;
  while (log.of(end).length === 0) {
    if (performance.now() > deadline)
      throw new DeadlineError('the log of the server', SEEN_S, 'no such line');
    await delay(POLL_MS);
  }
  return log.of(who);
}
