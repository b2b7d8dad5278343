import type { ClientBase } from 'pg';
import { SAME_WORDS } from '../../ask.ts';
import { GUARD_SCHEMA } from '../content/catalogue.ts';

/** Last number that each sequence gave away, in the direction in which it counts. */
export type SequenceStands = ReadonlyMap<string, bigint>;

export async function sequenceStands(client: ClientBase): Promise<SequenceStands> {
  await client.query(SAME_WORDS);
  const { rows } = await client.query<{ name: string; stand: string }>(
    `SELECT n.nspname || '.' || c.relname AS name,
      (sign(s.seqincrement) * coalesce(pg_sequence_last_value(c.oid), s.seqstart - s.seqincrement))::text AS stand
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname <> '${GUARD_SCHEMA}' AND c.relpersistence <> 't'`,
  );
  return new Map(rows.map(({ name, stand }) => [name, BigInt(stand)]));
}

/** A sequence that is ahead gave numbers to rows of in between; one that is behind will give some a second time. */
export function sequencesBehind(wanted: SequenceStands, found: SequenceStands): readonly string[] {
  return [...wanted].flatMap(([name, stand]) => {
    const now = found.get(name);
    return now !== undefined && now < stand
      ? [`sequence ${name} is behind: it stands at ${now}, not at ${stand}`]
      : [];
  });
}
