import type { Session } from './apply-session.ts';

/** What can be told of the whole server from another session, whatever the migration's transaction is like. */
export interface Meters {
  readonly wal_bytes: number;
  readonly disk_bytes: number;
}

export async function metersOf({ client }: Session): Promise<Meters> {
  const { rows } = await client.query<[string, string]>({
    name: 'meters',
    text: `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text, pg_database_size(current_database())::text`,
    rowMode: 'array',
  });
  const [wal_bytes, disk_bytes] = rows[0] ?? [];
  return { wal_bytes: Number(wal_bytes), disk_bytes: Number(disk_bytes) };
}
