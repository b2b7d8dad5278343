import type { ClientBase, QueryResult } from 'pg';
import { messageOf, UnfitError } from '#harness/core/errors.ts';

/**
 * Runs statements in one session and gives the text of the one value that the last of them yields: the way to a
 * database, whatever leads there. A psql in a pod serves with `--no-psqlrc --quiet --no-align --tuples-only
 * --set=ON_ERROR_STOP=1 --file=-` and the statements on its standard input.
 */
export type Ask = (statements: string) => Promise<string>;

/** By a connection of our own. Statements are sent as they are, so they must not hold what a stranger wrote. */
export function askBy(client: Pick<ClientBase, 'query'>): Ask {
  return async (statements) => {
    // Several statements in one text have several results, whatever the types say.
    const answer: QueryResult | readonly QueryResult[] = await client.query({
      text: statements,
      rowMode: 'array',
    });
    const results: readonly QueryResult[] = Array.isArray(answer) ? answer : [answer];
    const rows: unknown = results.findLast(({ rows: found }) => found.length > 0)?.rows[0];
    const value: unknown = Array.isArray(rows) ? rows[0] : undefined;
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  };
}

/**
 * Asks for a value of JSON.
 * @throws UnfitError when the database refuses, or answers something else
 */
export async function askJson(ask: Ask, what: string, statements: string): Promise<unknown> {
  let text: string;
  try {
    text = await ask(statements);
  } catch (error) {
    throw new UnfitError(`the database does not tell ${what}: ${messageOf(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnfitError(`the database told ${what} in words that are not JSON: ${text.slice(0, 200)}`, {
      cause: error,
    });
  }
}

/** A name as SQL takes it between double quotes. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL takes it between single quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Settings by which a value is always written in the same words, and names in full. A policy that would hide rows is an
 * error: what is not seen cannot be compared.
 */
export const SAME_WORDS = `
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
SET bytea_output = 'hex';
SET standard_conforming_strings = on;
SET row_security = off;
SET search_path = '';
`;
