import {
  array,
  boolean,
  literal,
  looseObject,
  nullable,
  number,
  optional,
  picklist,
  record,
  string,
  union,
} from 'valibot';
import { count, text, texts } from './schema-parts.ts';

/** Shapes of what a recovery declares and records. */

const moment = picklist(['before', 'after']);
const method = picklist(['wal', 'dump']);

/** What a recovery declared. */
export const recoveryExpectation = looseObject({
  of: literal('recovery'),
  namespace: text,
  app: text,
  loses: text,
  recovery_time_s: number(),
  own_budget_s: number(),
  backup: method,
  recovery_point_s: number(),
  release: text,
  under_way: optional(looseObject({ release: text, serves_after: text })),
  components: array(text),
  restores: boolean(),
  point_in_time: optional(boolean()),
  backups_refused: count,
  may_differ: array(looseObject({ subject: text, field: text, why: text })),
  alerts: array(text),
  watch: optional(
    looseObject({
      alert: text,
      scrape_interval_s: number(),
      evaluation_interval_s: number(),
      for_s: number(),
      group_wait_s: number(),
      group_interval_s: number(),
    }),
  ),
});

/** Shape of `data` by `source/kind`. */
export const RECOVERY_SHAPES = {
  'recovery/destroyed': looseObject({ what: text, how: text }),
  'recovery/step': looseObject({
    state: picklist(['started', 'done', 'failed']),
    note: text,
    by_hand: optional(text),
  }),
  'recovery/backup': looseObject({
    method,
    state: picklist(['taken', 'restored', 'refused']),
    taken_at: number(),
    note: text,
  }),
  'recovery/inventory': looseObject({
    moment,
    cluster_uid: text,
    revision: text,
    kinds: record(string(), count),
    objects: array(
      looseObject({
        subject: text,
        fields: record(string(), nullable(union([text, number(), boolean()]))),
      }),
    ),
  }),
  'load/orders': looseObject({
    orders: array(
      looseObject({
        id: text,
        content_hash: text,
        at: number(),
        outcome: picklist(['accepted', 'refused', 'unknown']),
      }),
    ),
  }),
  'database/held_orders': looseObject({ orders: array(looseObject({ id: text, content_hash: text })) }),
  'database/content': looseObject({
    moment,
    tables: array(looseObject({ table: text, rows: count, content_hash: text, columns: optional(texts) })),
    sequences: record(string(), number()),
    largest_keys: record(string(), number()),
    columns: texts,
    constraints: texts,
    indexes: texts,
    up_to: record(string(), number()),
  }),
};
