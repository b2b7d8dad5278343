/** The time zone that a migration finds: that of the database which it is meant for. */
import { DatabaseError } from 'pg';
import { UsageError } from '#harness/core/errors.ts';
import { literal } from '#harness/database/ask.ts';
import { READ_ONLY } from '#harness/database/data/live.ts';
import { endOn, openClient } from '#harness/database/server/client.ts';
import type { ScratchServer } from '#harness/database/server/types.ts';
import type { GuardRequest } from './request.ts';

/** SQLSTATE of `invalid value for parameter`. */
const INVALID_PARAMETER_VALUE = '22023';
/** Of every server of the guard. */
const USUAL = 'UTC';

/** What was asked for, else that of the database which is copied or whose statistics are read. */
async function zoneFor({ time_zone, data }: GuardRequest, signal: AbortSignal): Promise<string> {
  if (time_zone !== undefined) return time_zone;
  const source = data.source === 'live' ? data.address : data.source === 'generated' ? data.like : undefined;
  if (source === undefined) return USUAL;
  await using client = await openClient(source, READ_ONLY);
  using _ = endOn(client, signal);
  const { rows } = await client.query<{ zone: string }>(`SELECT current_setting('TimeZone') AS zone`);
  return rows[0]?.zone ?? USUAL;
}

/**
 * Gives every session of the server its time zone: in UTC alone a change of `timestamp` to `timestamptz` writes no row anew.
 * @param options.is_new nobody has set one of its own yet
 * @throws UsageError for a zone that the server does not know; UnfitError when the database to be copied lets nobody in
 */
export async function setTimeZone(
  server: ScratchServer,
  request: GuardRequest,
  { is_new, signal }: { readonly is_new: boolean; readonly signal: AbortSignal },
): Promise<string> {
  const zone = await zoneFor(request, signal);
  if (is_new && zone === USUAL) return zone;
  await using database = await server.create();
  await using client = await openClient(database.address);
  try {
    await client.query(`ALTER ROLE CURRENT_USER SET timezone = ${literal(zone)}`);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== INVALID_PARAMETER_VALUE) throw error;
    throw new UsageError(`PostgreSQL ${server.version} knows no time zone ${JSON.stringify(zone)}`, {
      next: 'name it as the database does: SHOW timezone',
    });
  }
  return zone;
}
