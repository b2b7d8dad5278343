import type { Client } from 'pg';

/** A row, and the segment of the log that its commit is in. */
export interface CommittedRow {
  readonly id: number;
  readonly segment: string;
}

/** Two tables of one schema. */
export async function makeTable(client: Client): Promise<void> {
  await client.query('CREATE SCHEMA s');
  await client.query('CREATE TABLE s.rows (id serial PRIMARY KEY, text text NOT NULL)');
  await client.query('CREATE TABLE s.others AS SELECT 1 AS id');
}

/** Commits rows one by one, and says with which segment of the log each became safe. */
export async function commit(client: Client, count: number): Promise<readonly CommittedRow[]> {
  const committed: CommittedRow[] = [];
  for (let row = 0; row < count; row += 1) {
    const { rows } = await client.query<{ id: number }>(
      'INSERT INTO s.rows (text) VALUES (md5(random()::text)) RETURNING id',
    );
    const end = await client.query<{ segment: string }>(
      'SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS segment',
    );
    committed.push({ id: rows[0]?.id ?? 0, segment: end.rows[0]?.segment ?? '' });
  }
  return committed;
}

/** The rows that are there. */
export async function idsIn(client: Client): Promise<readonly number[]> {
  const { rows } = await client.query<{ id: number }>('SELECT id FROM s.rows ORDER BY id');
  return rows.map(({ id }) => id);
}

/** The last of a list that has one. */
export function lastOf<T>(list: readonly T[]): T {
  const last = list.at(-1);
  if (last === undefined) throw new Error('there is none');
  return last;
}
