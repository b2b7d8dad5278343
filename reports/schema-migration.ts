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
      guard: optional(
        looseObject({
          says: picklist(['pass', 'fail']),
          release: text,
          by: optional(picklist(['argo-rollouts', 'flagger', 'flux'])),
        }),
      ),
    }),
  ),
  moved: optional(texts),
  bad_release: optional(text),
  bad_release_pct: optional(number()),
  read_only: optional(
    looseObject({ by: picklist(['flag', 'proxy']), lease_s: number(), back_within_s: number() }),
  ),
  window: optional(
    looseObject({
      old_release: text,
      new_release: text,
      close_s: number(),
      stop_s: number(),
      migrate_s: number(),
      start_s: number(),
      open_s: number(),
    }),
  ),
  queue: optional(
    looseObject({
      consumer: text,
      rate_per_s: number(),
      capacity_per_s: number(),
      begin_s: number(),
      kills: count,
    }),
  ),
});

/** What a run of services that need each other declared. */
export const dependencyExpectation = looseObject({
  of: literal('dependency'),
  namespace: text,
  app: text,
  releases: array(
    looseObject({
      app: text,
      release: text,
      serves: array(count),
      needs: optional(looseObject({ service: text, version: count })),
    }),
  ),
  asks: array(looseObject({ name: text, release: text, expected: picklist(['shipped', 'refused']) })),
});

const answers = optional(
  array(looseObject({ method: text, status: count, retry_after_s: optional(number()), body: text })),
);
const ORDER = { id: text, content_hash: text, placed_at: number() };

/** Shape of `data` by `source/kind`. */
export const MIGRATION_SHAPES = {
  'database/migration': looseObject({
    state: picklist(['begun', 'applied', 'failed', 'refused']),
    note: text,
  }),
  'database/guard': looseObject({
    outcome: picklist(['pass', 'fail', 'inconclusive']),
    why: text,
    migrations: array(text),
    failed: array(
      looseObject({ check: text, outcome: picklist(['fail', 'inconclusive']), severity: text, reason: text }),
    ),
    exit_code: number(),
    pod: text,
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
  'database/refused_columns': looseObject({ columns: texts }),
  'harness/read_only': looseObject({
    state: picklist(['asked', 'holds', 'ended']),
    by: picklist(['flag', 'proxy']),
    lease_until: number(),
    seen: text,
    answers,
    ended_by: optional(picklist(['lease', 'run'])),
  }),
  'harness/closed': looseObject({
    state: picklist(['asked', 'holds', 'opening', 'opened']),
    lease_until: number(),
    seen: text,
    answers,
  }),
  'harness/consumer_killed': looseObject({ orders: count }),
  'database/shipments': looseObject({
    shipped: array(looseObject({ ...ORDER, shipped_at: number() })),
    waiting: array(looseObject(ORDER)),
  }),
  'release/asked': looseObject({ release: text, state: picklist(['shipped', 'refused']), note: text }),
};
