import { array, literal, looseObject, number, optional, picklist } from 'valibot';
import { count, text, texts } from './schema-parts.ts';

/** Shapes of what a run with migrations declares and records. */

/** What it declared. */
export const migrationExpectation = looseObject({
  of: literal('migration'),
  namespace: text,
  app: text,
  migrations: array(
    looseObject({
      name: text,
      expected: picklist(['applied', 'refused']),
      adds: optional(array(text)),
      drops: optional(array(text)),
      retires: optional(array(text)),
      backup_within_s: optional(number()),
    }),
  ),
  moved: optional(texts),
  bad_release: optional(text),
  bad_release_pct: optional(number()),
  read_only: optional(
    looseObject({ by: picklist(['flag', 'proxy']), lease_s: number(), back_within_s: number() }),
  ),
});

/** Shape of `data` by `source/kind`. */
export const MIGRATION_SHAPES = {
  'database/migration': looseObject({
    state: picklist(['begun', 'applied', 'failed', 'refused']),
    note: text,
  }),
  'database/errors': looseObject({
    from: number(),
    to: number(),
    errors: array(
      looseObject({ sqlstate: text, message: text, count, first_at: number(), last_at: number() }),
    ),
  }),
  'database/scratch_restore': looseObject({
    taken_at: number(),
    state: picklist(['same', 'differs', 'failed']),
    tables: count,
    rows: count,
    note: text,
  }),
  'harness/read_only': looseObject({
    state: picklist(['asked', 'holds', 'ended']),
    by: picklist(['flag', 'proxy']),
    lease_until: number(),
    seen: text,
    answers: optional(
      array(looseObject({ method: text, status: count, retry_after_s: optional(number()), body: text })),
    ),
    ended_by: optional(picklist(['lease', 'run'])),
  }),
};
