/** Shape of `facts.json`, as far as judge and renderers rely on it. */
import {
  array,
  boolean,
  type GenericSchema,
  literal,
  looseObject,
  number,
  optional,
  picklist,
  record,
  string,
} from 'valibot';
import { count, text, texts } from '../schema-parts.ts';

const position = looseObject({ file: text, line: count, column: count });
const refusal = looseObject({ index: count, code: text, message: text, detail: optional(text) });
const outcome = picklist(['applied', 'refused']);
const blocked = looseObject({
  longest_ms: number(),
  total_ms: number(),
  sessions: count,
  stall_ms: number(),
});
const tables = array(
  looseObject({
    table: text,
    rows: count,
    bytes: number(),
    parts: optional(array(looseObject({ table: text, rows: count }))),
  }),
);

const content = looseObject({
  tables: array(
    looseObject({
      table: text,
      now: optional(text),
      rows_before: count,
      rows_after: count,
      rows_lost: count,
      rows_added: count,
      moved_to: optional(text),
      examples: array(text),
      values_as_before: optional(count),
      columns: array(
        looseObject({
          column: text,
          now: optional(text),
          type_before: text,
          type_after: optional(text),
          filled: count,
          changed: count,
          truncated: count,
          nulled: count,
          gained: count,
          lost: count,
          moved_to: optional(text),
          examples: array(text),
        }),
      ),
    }),
  ),
});

const workload = looseObject({
  side: picklist(['old', 'new']),
  moment: picklist(['before', 'during', 'after']),
  rate_per_s: number(),
  due: count,
  begun: count,
  good: count,
  failed: count,
  duration_s: number(),
  late_max_ms: number(),
  errors: array(looseObject({ code: text, message: text, detail: optional(text), count })),
  by_statement: array(looseObject({ name: text, reads_only: boolean(), begun: count, failed: count })),
});

const written = looseObject({
  changes: count,
  tables: array(
    looseObject({
      table: text,
      rows: count,
      missing: count,
      changed: count,
      returned: count,
      columns: array(text),
      examples: array(text),
    }),
  ),
  not_compared: array(looseObject({ table: text, why: text })),
});

const under_load = looseObject({
  outcome,
  refusal: optional(refusal),
  duration_ms: number(),
  sampling: looseObject({ median_ms: number(), longest_ms: number(), samples: count }),
  reader_held_ms: optional(number()),
  statements: array(
    looseObject({
      index: count,
      duration_ms: number(),
      waited_ms: number(),
      readers: blocked,
      writers: blocked,
    }),
  ),
  readers: blocked,
  writers: blocked,
  blocked: array(
    looseObject({
      statement: count,
      relation: text,
      wanted: text,
      held: text,
      queued_behind: boolean(),
      reader: boolean(),
      duration_ms: number(),
    }),
  ),
  held: optional(
    array(
      looseObject({
        relation: text,
        mode: text,
        stops_readers: boolean(),
        statement: count,
        duration_ms: number(),
        is_awaited: boolean(),
      }),
    ),
  ),
  deadlocks: optional(
    array(
      looseObject({
        victim: text,
        parties: array(looseObject({ who: text, wanted: text, relation: optional(text), held_by: text })),
      }),
    ),
  ),
  workloads: array(workload),
  new_during_missing: optional(text),
  written: optional(written),
  written_missing: optional(text),
});

const trip = looseObject({
  refusal: optional(refusal),
  schema: array(text),
  data: content,
  written_lost: count,
});

const kill = looseObject({
  how: picklist(['client', 'server', 'connection']),
  statement: count,
  after_ms: number(),
  too_late: boolean(),
  state: picklist(['as before', 'as after', 'in between']),
  residue: array(text),
  again: picklist(['applied', 'refused', 'not needed']),
  again_refusal: optional(refusal),
  same_after_again: boolean(),
  differences: array(text),
});

const migration = looseObject({
  name: text,
  tool: text,
  up: text,
  down: optional(text),
  statements: array(
    looseObject({
      index: count,
      text,
      position,
      kind: text,
      relations: array(text),
      does: array(looseObject({ does: text })),
    }),
  ),
  tables: optional(tables),
  alone: optional(
    looseObject({
      outcome,
      duration_ms: number(),
      statements: array(
        looseObject({
          index: count,
          duration_ms: number(),
          wal_bytes: number(),
          rewritten: array(text),
          indexes_built: array(text),
          indexed: optional(array(text)),
          disk_bytes: number(),
          locks: texts,
          locks_sampled: optional(literal(true)),
        }),
      ),
      refusal: optional(refusal),
      residue: array(text),
    }),
  ),
  content: optional(content),
  under_load: optional(under_load),
  behind_reader: optional(under_load),
  new_before: optional(workload),
  round_trip: optional(
    looseObject({
      missing: optional(text),
      up_down: optional(trip),
      up_down_up: optional(trip),
      written_between: count,
      between: optional(workload),
    }),
  ),
  kills: optional(array(kill)),
  growth: optional(
    looseObject({
      table: optional(text),
      smaller: optional(literal('share of the rows')),
      points: array(
        looseObject({
          rows: count,
          duration_ms: number(),
          durations_ms: optional(array(number())),
          wal_bytes: number(),
          disk_bytes: optional(number()),
          disk_peak_bytes: optional(number()),
          pages_read: optional(number()),
          blocked_longest_ms: number(),
          blocked_ms: optional(array(number())),
        }),
      ),
    }),
  ),
  emptied: optional(array(text)),
  not_measured: optional(texts),
  left_out: optional(array(text)),
});

export const GUARD_FACTS: GenericSchema = looseObject({
  format: literal('mettle-guard/1'),
  started_at: number(),
  ended_at: number(),
  server: looseObject({ engine: text, version: text, version_num: count, time_zone: optional(text) }),
  data: looseObject({
    source: picklist(['dump', 'live', 'generated', 'empty']),
    from: text,
    seed: optional(number()),
    tables,
    real_rows: optional(record(string(), count)),
  }),
  migrations: array(migration),
  lint: optional(
    looseObject({
      tool: text,
      version: text,
      findings: array(
        looseObject({
          rule: text,
          level: text,
          message: text,
          help: optional(text),
          position,
          migration: optional(text),
          statement: optional(count),
        }),
      ),
    }),
  ),
  left_out: optional(array(looseObject({ part: text, why: text }))),
  seeded_defect: optional(text),
});
