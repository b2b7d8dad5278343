import type { ClientBase } from 'pg';
import { SAME_WORDS } from '../../ask.ts';
import type { Column } from './catalogue.ts';
import type { Casts } from './values.ts';

/** Type of a column as comparisons see it: what is not the server's own comes in words. */
const seenAs = ({ is_builtin, plain_type }: Column): string => (is_builtin ? plain_type : 'text');

/** The casts of one session: they stand in its temporary schema, so that nothing is in the way of a later migration. */
export class SessionCasts implements Casts {
  readonly timezone: string;
  readonly #functions = new Map<
    string,
    { readonly name: string; readonly from: string; readonly to: string }
  >();
  #made = 0;

  private constructor(timezone: string) {
    this.timezone = timezone;
  }

  /** Also makes the session write every value in the same words. */
  static async begin(client: ClientBase): Promise<SessionCasts> {
    const { rows } = await client.query<{ timezone: string }>(
      `SELECT reset_val AS timezone FROM pg_settings WHERE name = 'TimeZone'`,
    );
    await client.query(SAME_WORDS);
    return new SessionCasts(rows[0]?.timezone ?? 'UTC');
  }

  back(from: Column, to: Column): string {
    const types = { from: seenAs(from), to: to.plain_type };
    const id = JSON.stringify(types);
    const known = this.#functions.get(id) ?? { name: `pg_temp.cast_${this.#functions.size}`, ...types };
    this.#functions.set(id, known);
    return known.name;
  }

  /** Makes the functions that were named since the last time. */
  async make(client: ClientBase): Promise<void> {
    for (const { name, from, to } of [...this.#functions.values()].slice(this.#made)) {
      // Where there is no cast between the two, a value may still be read from its words.
      const direct = await client.query(`SELECT NULL::${from}::${to}`).then(
        () => true,
        () => false,
      );
      await client.query(`CREATE FUNCTION ${name}(value ${from}) RETURNS text LANGUAGE plpgsql STABLE AS $$
        BEGIN RETURN (value${direct ? '' : '::text'}::${to})::text; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$`);
      this.#made += 1;
    }
  }
}
