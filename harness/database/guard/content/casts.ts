import type { ClientBase } from 'pg';
import { SAME_WORDS } from '../../ask.ts';
import type { Column } from './catalogue.ts';
import type { Casts } from './values.ts';

/** Type of a column as comparisons see it: what is not the server's own comes in words. */
const seenAs = ({ is_builtin, plain_type }: Column): string => (is_builtin ? plain_type : 'text');

/**
 * Type in which a value must be what it was before it was cast there and back: a cast may round it, or take the time off a
 * day. Words that were read are no less for being written otherwise afterwards, unless a day was read from them.
 */
function provenIn(from: Column, to: Column): string | undefined {
  if (from.is_builtin && !from.is_text) return from.plain_type;
  return to.plain_type === 'date' ? 'timestamp' : undefined;
}

/** Gives a value up that is another one when it has been there and back. Not every type has an equality, and words are quicker. */
const lossless = (back: string, value: string): string =>
  `IF ${back}::text IS DISTINCT FROM ${value}::text THEN IF ${back} <> ${value} THEN RETURN NULL; END IF; END IF;`;

/** The casts of one session: they stand in its temporary schema, so that nothing is in the way of a later migration. */
export class SessionCasts implements Casts {
  readonly timezone: string;
  readonly #functions = new Map<
    string,
    { readonly name: string; readonly from: string; readonly to: string; readonly proven_in?: string }
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
    const proven_in = provenIn(from, to);
    const types = {
      from: seenAs(from),
      to: to.plain_type,
      ...(proven_in === undefined ? {} : { proven_in }),
    };
    const id = JSON.stringify(types);
    const known = this.#functions.get(id) ?? { name: `pg_temp.cast_${this.#functions.size}`, ...types };
    this.#functions.set(id, known);
    return known.name;
  }

  /** Makes the functions that were named since the last time. */
  async make(client: ClientBase): Promise<void> {
    for (const { name, from, to, proven_in } of [...this.#functions.values()].slice(this.#made)) {
      // Where there is no cast between the two, a value may still be read from its words.
      const cast = async (value: string, source: string, target: string): Promise<string> => {
        const is_direct = await client.query(`SELECT NULL::${source}::${target}`).then(
          () => true,
          () => false,
        );
        return `(${value}${is_direct ? '' : '::text'}::${target})`;
      };
      const there = await cast('value', from, to);
      const proof =
        proven_in === undefined
          ? ''
          : lossless(await cast(there, to, proven_in), await cast('value', from, proven_in));
      await client.query(`CREATE FUNCTION ${name}(value ${from}) RETURNS text LANGUAGE plpgsql STABLE AS $$
        BEGIN ${proof} RETURN ${there}::text; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$`);
      this.#made += 1;
    }
  }
}
