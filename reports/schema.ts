import {
  array,
  boolean,
  type GenericSchema,
  literal,
  looseObject,
  nullable,
  number,
  optional,
  picklist,
  record,
  string,
  tuple,
  union,
  unknown,
} from 'valibot';
import type { TimelineRecord } from '#harness/core/timeline.ts';
import { expectation, spec } from './schema-declared.ts';
import { MIGRATION_SHAPES } from './schema-migration.ts';
import { RECOVERY_SHAPES } from './schema-recovery.ts';
import { count, text, texts } from './schema-parts.ts';

/** Shapes of the files of a run folder: what comes from a disk may be cut off, edited or of another version. */

const series = looseObject({
  release: text,
  status: count,
  route: text,
  bad: boolean(),
  count,
  sum_ms: number(),
  max_ms: number(),
  buckets: array(count),
  first_at: number(),
  last_at: number(),
});

const fault = looseObject({
  fault: text,
  detail: text,
  targets: optional(array(text)),
  harm: optional(text),
});

const site = optional(literal('offsite'));

/** `source/kind` of every record that there is. */
type RecordName = TimelineRecord extends infer One
  ? One extends TimelineRecord
    ? `${One['source']}/${One['kind']}`
    : never
  : never;

/** Shape of `data` by `source/kind`: a kind that is added without its shape does not compile. */
const SHAPES: Readonly<Record<RecordName, GenericSchema>> = {
  'harness/scenario': looseObject({ title: text, file: text, seed: number(), versions: texts }),
  'harness/spec': spec,
  'harness/expectation': expectation,
  'harness/phase': looseObject({ state: picklist(['started', 'done', 'failed']), note: optional(text) }),
  'harness/steady_state': looseObject({
    held: boolean(),
    reason: text,
    moment: picklist(['before', 'after']),
  }),
  'harness/observer': looseObject({ state: picklist(['started', 'ended', 'lost']), note: optional(text) }),
  'harness/note': looseObject({ text }),
  'release/shipped': looseObject({ release: text, document: unknown() }),
  'git/commit': looseObject({
    revision: text,
    branch: text,
    message: text,
    author: text,
    files: array(text),
  }),
  'git/refused': looseObject({ revision: text, file: text, line: count, message: text }),
  'kubernetes/object': looseObject({
    verb: picklist(['listed', 'added', 'modified', 'deleted']),
    resource_version: text,
    generation: optional(number()),
    fields: record(string(), union([text, number(), boolean()])),
  }),
  'kubernetes/event': looseObject({
    type: text,
    reason: text,
    message: text,
    count: number(),
    reporter: text,
  }),
  'harness/running_version': looseObject({ cluster: text, image_version: text, reported_version: text }),
  'gateway/weight': looseObject({
    primary_pct: number(),
    canary_pct: number(),
    read_from: optional(picklist(['object', 'live'])),
    gateway: optional(text),
  }),
  'gateway/bound': looseObject({ gateway: text, follow_ms: number(), derivation: text }),
  'load/started': looseObject({ profile: text, rate_per_s: number(), duration_s: number(), url: text }),
  'load/second': looseObject({
    from: number(),
    series: array(series),
    iterations: number(),
    dropped_iterations: number(),
    vus: number(),
    lag_max_ms: number(),
    cpu_s: number(),
    machine_idle_s: optional(number()),
  }),
  'load/compared': looseObject({
    pairs: count,
    unanswered: count,
    differences: array(
      looseObject({
        route: text,
        in: picklist(['status', 'body']),
        pairs: count,
        examples: array(looseObject({ request: text, old: text, next: text })),
      }),
    ),
    durations: array(
      looseObject({ route: text, pairs: count, old_median_ms: number(), next_median_ms: number() }),
    ),
  }),
  'load/ended': looseObject({ exit_code: nullable(number()), signal: nullable(text), asked: boolean() }),
  'prometheus/series': looseObject({
    query: text,
    labels: texts,
    // JSON has no NaN: a sample that Prometheus gave as NaN is null in the file.
    samples: array(tuple([number(), nullable(number())])),
  }),
  'prometheus/rule': looseObject({ expression: text, missing: array(text), error: optional(text) }),
  'prometheus/sight': looseObject({
    query: text,
    stands_in: text,
    selectors: array(looseObject({ selector: text, series: count, missing_labels: array(text) })),
  }),
  'prometheus/panel': looseObject({ dashboard: text, query: text, series: count, samples: count }),
  'prometheus/alert': looseObject({
    state: picklist(['inactive', 'pending', 'firing']),
    value: optional(number()),
    site,
  }),
  'alertmanager/alert': looseObject({
    state: picklist(['active', 'resolved']),
    starts_at: number(),
    labels: texts,
    site,
  }),
  'chat/message': looseObject({
    sender: text,
    channel: text,
    text,
    severity: picklist(['good', 'warning', 'danger', 'unknown']),
    fields: texts,
    site,
  }),
  'harness/refused_messages': looseObject({ sender: text, path: text, status: number(), count }),
  'database/orders': looseObject({ stored: count, distinct: count, wrong: count }),
  'fault/injected': fault,
  'fault/proven_on': fault,
  'fault/healed': fault,
  'fault/proven_off': fault,
  'gate/call': looseObject({ path: text, status: count, delay_ms: number(), phase: text, metadata: texts }),
  ...RECOVERY_SHAPES,
  ...MIGRATION_SHAPES,
};

/** Shape of `data` by `source/kind`, for names that come from a file. */
export const DATA_SCHEMAS: Readonly<Record<string, GenericSchema>> = SHAPES;

/** What every record carries. */
export const RECORD_SCHEMA = looseObject({
  seq: count,
  at: number(),
  source: text,
  kind: text,
  subject: text,
  data: unknown(),
  clock_error_ms: optional(number()),
});

const outcome = picklist(['pass', 'fail', 'inconclusive']);

/** Content of `verdict.json`. */
export const VERDICT_SCHEMA = looseObject({
  outcome,
  rules: array(
    looseObject({
      rule: text,
      promise: text,
      outcome,
      reason: text,
      limit: text,
      measured: optional(text),
      derivation: optional(text),
      evidence: array(count),
      items: optional(array(text)),
      remark: optional(text),
    }),
  ),
  known_break: optional(looseObject({ contract: text, thread: text })),
  scenario: text,
  title: text,
  started_at: number(),
  ended_at: number(),
  run_id: text,
  seeded_defect: optional(text),
});
